/*
 * Tariffs in force: see in_force.h.
 */
#include "tariff/in_force.h"

#include "db/db.h"

/* The prices stand in arrays, one member a column here. */
struct place_row {
    int64_t station_id, area_id, version_id;
    char wire_no[5];
    char slots[TARIFF_SLOTS + 1];
    int64_t elec_0, service_0, elec_1, service_1;
    int64_t elec_2, service_2, elec_3, service_3;
};

static const struct db_field place_row[] = {
    DB_FIELD(struct place_row, station_id),
    DB_FIELD(struct place_row, area_id),
    DB_FIELD(struct place_row, version_id),
    DB_FIELD(struct place_row, wire_no),
    DB_FIELD(struct place_row, slots),
    DB_FIELD(struct place_row, elec_0),
    DB_FIELD(struct place_row, service_0),
    DB_FIELD(struct place_row, elec_1),
    DB_FIELD(struct place_row, service_1),
    DB_FIELD(struct place_row, elec_2),
    DB_FIELD(struct place_row, service_2),
    DB_FIELD(struct place_row, elec_3),
    DB_FIELD(struct place_row, service_3),
};

static void place_of(const struct place_row *r, struct tariff_place *p)
{
    *p = (struct tariff_place){
        .station_id = r->station_id, .area_id = r->area_id,
        .version = {
            .id = r->version_id,
            .prices = {
                .elec_e5 = { r->elec_0, r->elec_1, r->elec_2, r->elec_3 },
                .service_e5 = { r->service_0, r->service_1, r->service_2,
                                r->service_3 },
            },
        },
    };
    snprintf(p->version.wire_no, sizeof p->version.wire_no, "%s", r->wire_no);
    snprintf(p->version.slots, sizeof p->version.slots, "%s", r->slots);
}

const struct tariff_place *tariff_in_force(struct cx *cx, stamp at,
                                           size_t *count)
{
    static const char sql[] =
        "SELECT t.station_id, COALESCE(t.area_id, 0), v.id, v.wire_no,"
        "   v.slots, v.sharp_elec_e5, v.sharp_service_e5, v.peak_elec_e5,"
        "   v.peak_service_e5, v.flat_elec_e5, v.flat_service_e5,"
        "   v.valley_elec_e5, v.valley_service_e5"
        "  FROM tariff t JOIN tariff_version v ON v.id ="
        "   (SELECT w.id FROM tariff_version w"
        "     WHERE w.tariff_id = t.id AND w.starts_at <= ?"
        "     ORDER BY w.starts_at DESC, w.version_no DESC LIMIT 1)"
        " WHERE t.status = 1"
        " ORDER BY t.station_id, COALESCE(t.area_id, 0), t.id";
    const struct place_row *rows = db_rows(cx, sql, BIND(V(at)),
                                           ROW(struct place_row, place_row),
                                           count);
    struct tariff_place *places = arena_array(cx->arena, *count + 1,
                                              sizeof *places);

    for (size_t i = 0; i < *count; i++)
        place_of(&rows[i], &places[i]);
    return places;
}

int64_t tariff_changes(struct cx *cx)
{
    static const char sql[] =
        "SELECT (SELECT COALESCE(SUM(ver), 0) FROM tariff)"
        "     + (SELECT COALESCE(MAX(id), 0) FROM tariff_version)";

    return db_int(cx, sql, BIND());
}

struct start_row {
    stamp at;
};

static const struct db_field start_row[] = { DB_FIELD(struct start_row, at) };

stamp tariff_next_start(struct cx *cx, stamp at)
{
    static const char sql[] =
        "SELECT MIN(starts_at) FROM tariff_version WHERE starts_at > ?";
    const struct start_row *r = db_row(cx, sql, BIND(V(at)),
                                       ROW(struct start_row, start_row));

    return r != NULL ? r->at : (stamp){ 0 };
}
