/* The command's entry: picks the subcommand, reads its arguments, runs it. */
#include "cli/cli.h"

static void log_line(void *user, tq_log_level level, const char *line)
{
    (void)user;
    if (level >= TQ_LOG_WARN) fprintf(stderr, "tongqu: %s\n", line);
}

static const cli_command *find_command(const char *name)
{
    for (unsigned k = 0; k < cli_command_count; k++)
        if (strcmp(cli_commands[k].name, name) == 0) return &cli_commands[k];
    return NULL;
}

int cli_help_command(const cli_args *args)
{
    const char *shell = cli_value(args, "completion");
    const cli_command *about = args->word_count > 0 ? find_command(args->word[0]) : NULL;
    if (args->word_count > 0 && about == NULL) return cli_usage(args, "no such command");
    if (shell != NULL && strcmp(shell, "bash") != 0)
        return cli_usage(args, "completion is made for bash");
    if (shell != NULL)
        cli_completion_bash(stdout);
    else if (cli_flag(args, "man"))
        cli_man(about, stdout);
    else if (about != NULL)
        cli_help(about, stdout);
    else
        cli_help_all(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    tq_log_to(log_line, NULL);
    if (argc < 2) {
        cli_help_all(stderr);
        return cli_exit_code(TQ_USAGE);
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    if (strcmp(name, "--version") == 0) name = "version";
    const cli_command *command = find_command(name);
    if (command == NULL) {
        fprintf(stderr, "tongqu: no command \"%.40s\"; see `tongqu help`\n", name);
        return cli_exit_code(TQ_USAGE);
    }
    cli_args args;
    if (!cli_parse(command, argc - 2, argv + 2, &args)) return cli_exit_code(TQ_USAGE);
    if (cli_flag(&args, "help")) {
        cli_help(command, stdout);
        return 0;
    }
    return command->run(&args);
}
