/* Reading arguments by the option table; help, completion and manual pages from the same table. */
#include "tongqu/version.h"

#include "cli/cli.h"

/* "-" before one letter, "--" before a word. */
static const char *dashes(const char *name)
{
    return name[1] == '\0' ? "-" : "--";
}

static const cli_option *find_option(const cli_command *command, tq_str name, unsigned *row)
{
    for (unsigned k = 0; k < command->option_count; k++)
        if (tq_str_is(name, command->option[k].name)) {
            *row = k;
            return &command->option[k];
        }
    return NULL;
}

static unsigned words_allowed(const cli_command *command, unsigned *needed)
{
    unsigned count = 0;
    *needed = 0;
    for (const char *at = command->words; *at != '\0';) {
        *needed += *at != '[';
        count++;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return count;
}

int cli_usage(const cli_args *args, const char *text)
{
    fprintf(stderr, "tongqu %s: %s\n  %s\nSee `tongqu %s --help`.\n", args->command->name, text,
            args->command->example, args->command->name);
    return cli_exit_code(TQ_USAGE);
}

/* An option of one letter, such as -g. */
static bool is_letter(const cli_command *command, const char *word)
{
    unsigned row;
    return word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
           find_option(command, (tq_str){word + 1, 1}, &row) != NULL;
}

static bool take_option(cli_args *args, int argc, char **argv, int *at)
{
    const char *text = argv[*at] + (argv[*at][1] == '-' ? 2 : 1), *equals = strchr(text, '=');
    char message[200];
    unsigned row = 0;
    tq_str name = {text, equals != NULL ? (size_t)(equals - text) : strlen(text)};
    const cli_option *option = find_option(args->command, name, &row);
    if (option == NULL) {
        (void)snprintf(message, sizeof message, "unknown option --%.*s", (int)TQ_MIN(name.len, 60),
                       name.at);
        (void)cli_usage(args, message);
        return false;
    }
    if (option->kind == CLI_FLAG) {
        args->value[row] = "";
        return true;
    }
    const char *value = equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (value == NULL) {
        (void)snprintf(message, sizeof message, "%s%s needs a %s", dashes(option->name),
                       option->name, option->value);
        (void)cli_usage(args, message);
        return false;
    }
    args->value[row] = value;
    if (option->kind == CLI_REPEATED) {
        if (args->repeat_count == CLI_REPEATS_MAX) {
            (void)cli_usage(args, "too many repeated options (32 at most)");
            return false;
        }
        args->repeated_of[args->repeat_count] = row;
        args->repeated[args->repeat_count++] = value;
    }
    return true;
}

static tq_lang lang_of(const cli_args *args)
{
    const char *lang = cli_value(args, "lang");
    if (lang == NULL) lang = tq_env_var("LC_ALL");
    if (lang == NULL) lang = tq_env_var("LANG");
    return lang != NULL && strncmp(lang, "zh", 2) == 0 ? TQ_ZH : TQ_EN;
}

bool cli_parse(const cli_command *command, int argc, char **argv, cli_args *args)
{
    *args = (cli_args){.command = command};
    unsigned needed, allowed = words_allowed(command, &needed);
    bool words_only = false;
    for (int at = 0; at < argc; at++) {
        if (!words_only && strcmp(argv[at], "--") == 0) {
            words_only = true;
        } else if (!words_only && strcmp(argv[at], "-h") == 0) {
            args->value[command->option_count - 1] = "";
        } else if (!words_only &&
                   (strncmp(argv[at], "--", 2) == 0 || is_letter(command, argv[at]))) {
            if (!take_option(args, argc, argv, &at)) return false;
        } else if (args->word_count < allowed) {
            args->word[args->word_count++] = argv[at];
        } else {
            (void)cli_usage(args, "too many arguments");
            return false;
        }
    }
    args->json = cli_flag(args, "json");
    args->quiet = cli_flag(args, "quiet");
    args->lang = lang_of(args);
    if (!cli_flag(args, "help") && args->word_count < needed) {
        char message[100];
        (void)snprintf(message, sizeof message, "needs %s", command->words);
        (void)cli_usage(args, message);
        return false;
    }
    return true;
}

const char *cli_value(const cli_args *args, const char *name)
{
    unsigned row = 0;
    TQ_ASSERT(find_option(args->command, tq_str_of(name), &row) != NULL);
    return args->value[row];
}

bool cli_flag(const cli_args *args, const char *name)
{
    return cli_value(args, name) != NULL;
}

bool cli_number(const cli_args *args, const char *name, uint32_t low, uint32_t high, uint32_t *out)
{
    const char *text = cli_value(args, name);
    uint32_t value;
    if (text == NULL) return true;
    if (tq_parse_u32(tq_str_of(text), &value) && value >= low && value <= high) {
        *out = value;
        return true;
    }
    char message[160];
    (void)snprintf(message, sizeof message,
                   "%s%s wants a whole number from %u to %u, not \"%.40s\"", dashes(name), name,
                   low, high, text);
    (void)cli_usage(args, message);
    return false;
}

static void put_option(const cli_option *option, FILE *out)
{
    char left[64];
    (void)snprintf(left, sizeof left, "%s%s%s%s", dashes(option->name), option->name,
                   option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
    fprintf(out, "  %-24s %s\n", left, option->help);
}

void cli_help(const cli_command *command, FILE *out)
{
    fprintf(out, "Example:\n  %s\n\ntongqu %s%s%s [options]\n  %s.\n  %s\n\nOptions:\n",
            command->example, command->name, command->words[0] != '\0' ? " " : "", command->words,
            command->summary, command->text);
    for (unsigned k = 0; k < command->option_count; k++)
        put_option(&command->option[k], out);
    fputs("\nExit codes: 0 ok, 1 the answer is no, 2 usage, 3 bad input, 4 store or disk, 5 busy, "
          "70 internal.\n",
          out);
}

void cli_help_all(FILE *out)
{
    fputs("Example:\n  tongqu plan cities/taiyuan --from 太原理工大学 --to 化章西街\n\n"
          "tongqu COMMAND [arguments]: a city's transport from one program (通衢).\n\nCommands:\n",
          out);
    for (unsigned k = 0; k < cli_command_count; k++)
        fprintf(out, "  %-9s %s\n", cli_commands[k].name, cli_commands[k].summary);
    fputs("\n`tongqu COMMAND --help` explains one. Exit codes: 0 ok, 1 the answer is no, 2 usage, "
          "3 bad input,\n"
          "4 store or disk, 5 busy, 70 internal.\n",
          out);
}

void cli_completion_bash(FILE *out)
{
    fputs("# bash completion of tongqu, made by `tongqu help --completion bash`\n_tongqu()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options=\"\"\n    if [ \"$COMP_CWORD\" -eq 1 "
          "]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          out);
    for (unsigned k = 0; k < cli_command_count; k++)
        fprintf(out, "%s%s", k == 0 ? "" : " ", cli_commands[k].name);
    fputs("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", out);
    for (unsigned k = 0; k < cli_command_count; k++) {
        fprintf(out, "    %s) options=\"", cli_commands[k].name);
        for (unsigned row = 0; row < cli_commands[k].option_count; row++)
            fprintf(out, "%s%s%s", row == 0 ? "" : " ", dashes(cli_commands[k].option[row].name),
                    cli_commands[k].option[row].name);
        fputs("\" ;;\n", out);
    }
    fputs("    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- "
          "\"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\ncomplete -o filenames -F "
          "_tongqu tongqu\n",
          out);
}

/* roff: a leading dot or quote would be a request, a backslash an escape. */
static void put_roff(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\') fputc('\\', out);
        if (*text == '-') fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\n', out);
}

void cli_man(const cli_command *command, FILE *out)
{
    if (command == NULL) {
        fprintf(out,
                ".TH TONGQU 1 \"\" \"tongqu %s\"\n.SH NAME\ntongqu \\- a city's transport from one "
                "program\n",
                tq_version());
        fputs(".SH SYNOPSIS\n.B tongqu\n.I COMMAND\n[arguments]\n.SH COMMANDS\n", out);
        for (unsigned k = 0; k < cli_command_count; k++) {
            fprintf(out, ".TP\n.BR tongqu\\-%s (1)\n", cli_commands[k].name);
            put_roff(cli_commands[k].summary, out);
        }
    } else {
        fprintf(out, ".TH TONGQU\\-%s 1 \"\" \"tongqu %s\"\n.SH NAME\ntongqu\\-%s \\- ",
                command->name, tq_version(), command->name);
        put_roff(command->summary, out);
        fprintf(out, ".SH SYNOPSIS\n.B tongqu %s\n", command->name);
        if (command->words[0] != '\0') fprintf(out, ".I %s\n", command->words);
        fputs("[options]\n.SH EXAMPLE\n.EX\n", out);
        put_roff(command->example, out);
        fputs(".EE\n.SH DESCRIPTION\n", out);
        put_roff(command->text, out);
        fputs(".SH OPTIONS\n", out);
        for (unsigned k = 0; k < command->option_count; k++) {
            fprintf(out, ".TP\n.B %s%s", command->option[k].name[1] == '\0' ? "\\-" : "\\-\\-",
                    command->option[k].name);
            if (command->option[k].value != NULL)
                fprintf(out, " \\fI%s\\fR", command->option[k].value);
            fputc('\n', out);
            put_roff(command->option[k].help, out);
        }
    }
    fputs(".SH EXIT STATUS\n0 ok, 1 the answer is no, 2 usage, 3 bad input, 4 store or disk, 5 "
          "busy, 70 internal.\n",
          out);
}
