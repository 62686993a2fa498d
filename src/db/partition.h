/*
 * Partitions by month of the tables that hold history. A row always finds
 * one: the last partition takes whatever is later; making months ahead keeps
 * it empty, so that making them costs nothing.
 */
#ifndef DB_PARTITION_H
#define DB_PARTITION_H

#include "base/cx.h"
#include "base/stamp.h"

/*
 * Makes the months that are missing from the one of from up to ahead months
 * after the one of now, in every partitioned table. Needs the right to ALTER
 * them. How many were made.
 */
int partitions_make(struct cx *cx, stamp from, int ahead);

#endif
