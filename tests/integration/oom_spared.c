/*
 * The libraries that crash without memory are spared by the linker (--wrap):
 * ClearSilver, see src/web/view.c, and libxlsxwriter, see
 * src/web/sheet_write.h. All pointers are opaque here.
 */
#include <stdint.h>

#include "tests/integration/oom.h"

#define SPARED(result, name, params, args)   \
    result __real_##name params;             \
    result __wrap_##name params;             \
    result __wrap_##name params              \
    {                                        \
        result r;                            \
                                             \
        oom_spare(1);                        \
        r = __real_##name args;              \
        oom_spare(-1);                       \
        return r;                            \
    }

SPARED(void *, hdf_init, (void *hdf), (hdf))
SPARED(void *, hdf_set_value,
       (void *hdf, const char *name, const char *value), (hdf, name, value))
SPARED(void *, hdf_get_node, (void *hdf, const char *name, void *out),
       (hdf, name, out))
SPARED(void *, cs_render, (void *cs, void *ctx, void *put), (cs, ctx, put))

SPARED(void *, workbook_new_opt, (const char *path, void *options),
       (path, options))
SPARED(void *, workbook_add_worksheet, (void *book, const char *name),
       (book, name))
SPARED(void *, workbook_add_format, (void *book), (book))
SPARED(int, workbook_close, (void *book), (book))
SPARED(int, worksheet_set_column,
       (void *sheet, uint16_t first, uint16_t last, double width,
        void *format), (sheet, first, last, width, format))
SPARED(int, worksheet_write_string,
       (void *sheet, uint32_t row, uint16_t col, const char *text,
        void *format), (sheet, row, col, text, format))
SPARED(int, worksheet_write_number,
       (void *sheet, uint32_t row, uint16_t col, double number,
        void *format), (sheet, row, col, number, format))
SPARED(int, worksheet_write_datetime,
       (void *sheet, uint32_t row, uint16_t col, void *when, void *format),
       (sheet, row, col, when, format))
