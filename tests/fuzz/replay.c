/*
 * Runs a fuzz target once over each file named on the command line: to look
 * at a crash in a debugger, without libFuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    enum { MOST = 1 << 20 };
    uint8_t *data = malloc(MOST);
    size_t n;
    FILE *f;

    for (int i = 1; data != NULL && i < argc; i++) {
        f = fopen(argv[i], "rb");
        if (f == NULL) {
            perror(argv[i]);
            return 1;
        }
        n = fread(data, 1, MOST, f);
        fclose(f);
        LLVMFuzzerTestOneInput(data, n);
        printf("%s: %zu bytes\n", argv[i], n);
    }
    free(data);
    return 0;
}
