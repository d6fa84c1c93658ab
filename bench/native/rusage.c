/*
 * Runs a command and measures its resources, because Node has no rusage of a single child process.
 *
 * usage: rusage RESULT COMMAND [ARGUMENT]...
 *
 * Writes wall time from fork to exit, user and system time, in seconds, and peak memory, in bytes, to RESULT
 * as JSON. Exits with the command's exit code.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#define MAXRSS_UNIT 1
#else
#define MAXRSS_UNIT 1024
#endif

static volatile pid_t child;

static void forward(int signal)
{
	if (child > 0)
		kill(child, signal);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: rusage RESULT COMMAND [ARGUMENT]...\n");
		return 2;
	}
	signal(SIGTERM, forward);
	signal(SIGINT, forward);
	clock_gettime(CLOCK_MONOTONIC, &start);
	child = fork();
	if (child == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (child < 0) {
		perror("fork");
		return 1;
	}
	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	FILE *result = fopen(argv[1], "w");
	if (!result) {
		perror(argv[1]);
		return 1;
	}
	fprintf(result, "{\"wall\":%.6f,\"user\":%.6f,\"system\":%.6f,\"peak\":%lld}\n",
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
		seconds(usage.ru_utime), seconds(usage.ru_stime), (long long)usage.ru_maxrss * MAXRSS_UNIT);
	fclose(result);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
