/*
 * pilehub-web: the web pools with all features.
 */
#include "feature_list.h"
#include "web/server.h"

int main(int argc, char **argv)
{
    return web_main(argc, argv, &all_features);
}
