/*
 * The command line of the simulator: see options.h.
 */
#include "sim/options.h"

#include <stdio.h>
#include <string.h>

#include "base/money.h"

struct number_option {
    const char *name;
    size_t at;
    int64_t dflt, least, most;
    const char *help;
};

static const struct number_option numbers[] = {
#define NUMBER(name, dflt, least, most, help) \
    { #name, offsetof(struct sim_options, name), dflt, least, most, help },
    SIM_NUMBERS(NUMBER)
#undef NUMBER
};

static const struct text_option {
    const char *name;
    size_t at;
    const char *dflt, *help;
} texts[] = {
#define TEXT(name, dflt, help) \
    { #name, offsetof(struct sim_options, name), dflt, help },
    SIM_TEXTS(TEXT)
#undef TEXT
};

static const struct number_option fault_options[] = {
#define FAULT(name, dflt, most, help) \
    { #name, offsetof(struct sim_faults, name), dflt, 0, most, help },
    SIM_FAULTS(FAULT)
#undef FAULT
};

/* "--auto-plug-s" names auto_plug_s. */
static bool is_name(const char *word, const char *name)
{
    while (*word != '\0' && *name != '\0' &&
           (*word == *name || (*word == '-' && *name == '_')))
        word++, name++;
    return *word == *name;
}

static bool read_number(const struct number_option *o, const char *text,
                        int64_t *out)
{
    int64_t value;

    if (!decimal_parse(text, 0, &value) || value < o->least ||
        value > o->most)
        return false;
    *out = value;
    return true;
}

bool sim_fault_set(struct sim_faults *f, const char *name, const char *value)
{
    int64_t number;

    for (size_t i = 0; i < COUNT(fault_options); i++) {
        if (!is_name(name, fault_options[i].name))
            continue;
        if (!read_number(&fault_options[i], value, &number))
            return false;
        *(int *)((char *)f + fault_options[i].at) = (int)number;
        return true;
    }
    return false;
}

static void set_defaults(struct sim_options *o)
{
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < COUNT(numbers); i++)
        *(int64_t *)((char *)o + numbers[i].at) = numbers[i].dflt;
    for (size_t i = 0; i < COUNT(texts); i++)
        *(const char **)((char *)o + texts[i].at) = texts[i].dflt;
    o->in_flight = 1;
}

/* One option with its value; false if the name or the value is wrong. */
static bool set_option(struct sim_options *o, const char *name,
                       const char *value)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (is_name(name, texts[i].name)) {
            *(const char **)((char *)o + texts[i].at) = value;
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (is_name(name, numbers[i].name))
            return read_number(&numbers[i], value,
                               (int64_t *)((char *)o + numbers[i].at));
    return sim_fault_set(&o->faults, name, value);
}

static bool is_number(const char *text)
{
    return text != NULL && text[0] >= '0' && text[0] <= '9';
}

/*
 * --storm N, --bench-heartbeat CONNS SECONDS [IN_FLIGHT], --bench-records
 * the same. Returns how many words were taken, 0 if it is another option,
 * -1 if it is wrong.
 */
static int read_mode(struct sim_options *o, int left, char **argv)
{
    static const struct {
        const char *name;
        enum sim_mode mode;
        int least, most;
    } modes[] = {
        { "--storm", SIM_STORM, 1, 2 },
        { "--bench-heartbeat", SIM_HEARTBEAT, 2, 3 },
        { "--bench-records", SIM_RECORDS, 2, 3 },
    };
    static const struct number_option connections =
        { "connections", 0, 0, 1, 1000000, "" };
    int64_t *const into[] = { &o->connections, &o->seconds, &o->in_flight };

    for (size_t i = 0; i < COUNT(modes); i++) {
        int n = 0;

        if (strcmp(argv[0], modes[i].name) != 0)
            continue;
        o->mode = modes[i].mode;
        while (n < modes[i].most && n + 1 < left && is_number(argv[n + 1])) {
            if (!read_number(&connections, argv[n + 1], into[n]))
                return -1;
            n++;
        }
        return n < modes[i].least ? -1 : n + 1;
    }
    return 0;
}

static int read_flag(struct sim_options *o, const char *word)
{
    if (strcmp(word, "--help") == 0)
        o->help = true;
    else if (strcmp(word, "--skip-login") == 0)
        o->skip_login = true;
    else if (strcmp(word, "--quiet") == 0)
        o->quiet = true;
    else
        return 0;
    return 1;
}

bool sim_options_read(struct sim_options *o, int argc, char **argv, char *err,
                      size_t err_size)
{
    int taken;

    set_defaults(o);
    for (int i = 1; i < argc; i += taken) {
        taken = read_flag(o, argv[i]);
        if (taken == 0)
            taken = read_mode(o, argc - i, argv + i);
        if (taken == 0 && strncmp(argv[i], "--", 2) == 0 && i + 1 < argc &&
            set_option(o, argv[i] + 2, argv[i + 1]))
            taken = 2;
        if (taken <= 0) {
            snprintf(err, err_size, "wrong option or value: %s %s", argv[i],
                     i + 1 < argc ? argv[i + 1] : "");
            return false;
        }
    }
    if (o->stay_max_s < o->stay_min_s)
        o->stay_max_s = o->stay_min_s;
    if (o->help || o->file[0] != '\0' || o->piles > 0 ||
        o->mode != SIM_FLEET)
        return true;
    snprintf(err, err_size, "say which piles: --file FILE or --piles N");
    return false;
}

static void help_number(const struct number_option *o)
{
    char name[32];
    size_t n = strlen(o->name);

    for (size_t i = 0; i <= n; i++)
        name[i] = o->name[i];
    for (size_t i = 0; i < n; i++)
        if (name[i] == '_')
            name[i] = '-';
    printf("  --%-13s N  %s (%lld)\n", name, o->help, (long long)o->dflt);
}

void sim_options_help(void)
{
    printf(
        "Usage: pilehub-sim [OPTION...]\n\n"
        "Charging piles that speak the real protocol to a platform, over\n"
        "TCP: they log in, keep the tariff, charge cars and send records.\n\n");
    for (size_t i = 0; i < COUNT(texts); i++)
        printf("  --%-11s TEXT  %s%s%s%s\n", texts[i].name, texts[i].help,
               texts[i].dflt[0] == '\0' ? "" : " (", texts[i].dflt,
               texts[i].dflt[0] == '\0' ? "" : ")");
    for (size_t i = 0; i < COUNT(numbers); i++)
        help_number(&numbers[i]);
    printf("\nFaults:\n");
    for (size_t i = 0; i < COUNT(fault_options); i++)
        help_number(&fault_options[i]);
    printf(
        "\nInstead of a fleet:\n"
        "  --storm N [SECONDS]                  N piles log in at once, and\n"
        "                                       stay for so long\n"
        "  --bench-heartbeat CONNS SECONDS [K]  K heartbeats in flight each\n"
        "  --bench-records CONNS SECONDS [K]    trade records and their 0x40\n"
        "  --skip-login                         the other side knows no login\n"
        "\n"
        "  --quiet   no lines about what happens\n"
        "  --help    this text\n"
        "\nOrders on the control socket, one a line, each answered by one:\n"
        "  plug PILE GUN | unplug PILE GUN | card PILE GUN UID |\n"
        "  vin PILE GUN | stop PILE GUN | fault PILE GUN BITS |\n"
        "  drop PILE|all [SECONDS] | set FAULT N | status [PILE] | quit\n"
        "\nExit codes: 0 done, 1 failed, 2 called wrongly.\n");
}
