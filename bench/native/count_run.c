/*
 * What the counting program costs a packet: nanoseconds a run as the kernel counts them (BPF_PROG_TEST_RUN), hot.
 * Each frame is the next segment of a connection in step: advance.bpf.c moves its sequence number on, and what
 * that alone costs is taken off.
 *
 * usage: count_run OBJECT ADVANCE_OBJECT KEYS FRAME...
 *
 * KEYS is the number of keys of which one is followed; 0: none is. A FRAME is a file with one segment behind Ethernet and IPv4 headers without options, at most about 3,500 bytes (the
 * kernel's limit). Writes a JSON list to standard output: for each frame the nanoseconds of every batch.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../bpf/layout.h"

#define REPEAT 5000
#define BATCHES 51
#define PORT 11211
/* Room for what a batch says of its keys. */
#define RING (1 << 24)
/* Offsets in a frame. */
#define IP 14
#define TCP (IP + 20)
#define SYN 0x02
#define ACK 0x10

struct stream {
	unsigned seq, step, goes_on, pad;
};

static unsigned char frame[1 << 16];
static const unsigned zero;

static void die(const char *what)
{
	fprintf(stderr, "count_run: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int map_of(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		die(name);
	return fd;
}

static int program_of(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program)
		die(name);
	return bpf_program__fd(program);
}

static struct bpf_object *load_counting(const char *path, unsigned keys)
{
	struct bpf_object *object = bpf_object__open(path);
	int cpus = libbpf_num_possible_cpus();
	unsigned key = PORT / 32, bits = 1u << PORT % 32;
	struct membench_count_settings *settings;
	size_t size;

	if (!object)
		die(path);
	settings = (void *)bpf_map__initial_value(bpf_object__find_map_by_name(object, ".rodata"), &size);
	if (settings->layout_hash != MEMBENCH_LAYOUT_HASH) {
		fprintf(stderr, "count_run: the object is of another layout\n");
		exit(1);
	}
	settings->seed = 77;
	settings->latency_mask = 15;
	settings->key_limit = keys ? (1ull << 32) / keys : 0;
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "keys"), cpus);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "key_ring"), RING);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "windows"), cpus);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "counters"), cpus * MEMBENCH_COUNT_COUNTERS);
	if (bpf_object__load(object) || bpf_map_update_elem(map_of(object, "ports"), &key, &bits, BPF_ANY))
		die("the kernel refuses the object");
	return object;
}

static unsigned run(int program, size_t size, unsigned repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = size, .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options))
		die("BPF_PROG_TEST_RUN");
	return options.duration;
}

static void put32(unsigned offset, unsigned value)
{
	value = htonl(value);
	memcpy(frame + offset, &value, sizeof(value));
}

/* Opens the connection of a frame: both SYNs, each the headers of the frame alone. */
static void open_connection(int program, int from_client, unsigned seq)
{
	unsigned char kept[sizeof(frame)];
	unsigned header = 20 + (frame[TCP + 12] >> 4) * 4;

	memcpy(kept, frame, sizeof(frame));
	frame[IP + 2] = header >> 8;
	frame[IP + 3] = header;
	for (int answer = 0; answer < 2; answer++) {
		put32(TCP + 4, seq);
		put32(TCP + 8, answer ? seq + 1 : 0);
		frame[TCP + 13] = answer ? SYN | ACK : SYN;
		if (answer == from_client) {
			memcpy(frame + IP + 12, kept + IP + 16, 4);
			memcpy(frame + IP + 16, kept + IP + 12, 4);
			memcpy(frame + TCP, kept + TCP + 2, 2);
			memcpy(frame + TCP + 2, kept + TCP, 2);
		} else {
			memcpy(frame + IP + 12, kept + IP + 12, 8);
			memcpy(frame + TCP, kept + TCP, 4);
		}
		run(program, IP + header, 1);
	}
	memcpy(frame, kept, sizeof(frame));
}

/* How many packets the program did not read. */
static unsigned long long skipped(struct bpf_object *object)
{
	int counters = map_of(object, "counters"), cpus = libbpf_num_possible_cpus();
	unsigned long long sum = 0, value;

	for (int cpu = 0; cpu < cpus; cpu++) {
		unsigned first = cpu * MEMBENCH_COUNT_COUNTERS;

		for (unsigned i = MEMBENCH_COUNT_COUNTER_SKIPPED_NOT_IN_STEP; i < MEMBENCH_COUNT_COUNTER_COUNT; i++) {
			unsigned key = first + i;

			if (bpf_map_lookup_elem(counters, &key, &value))
				die("counters");
			sum += value;
		}
	}
	return sum;
}

/* Positions of the ring's consumer and producer. */
static unsigned long long *consumer;
static const unsigned long long *producer;

static void map_ring(struct bpf_object *object)
{
	int ring = map_of(object, "key_ring");
	long page = sysconf(_SC_PAGESIZE);

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	producer = mmap(NULL, page, PROT_READ, MAP_SHARED, ring, page);
	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		die("ring");
}

int main(int argc, char **argv)
{
	struct bpf_object *counting, *advancing;
	int counter, advance;

	if (argc < 5) {
		fprintf(stderr, "usage: count_run OBJECT ADVANCE_OBJECT KEYS FRAME...\n");
		return 2;
	}
	counting = load_counting(argv[1], atoi(argv[3]));
	map_ring(counting);
	advancing = bpf_object__open(argv[2]);
	if (!advancing || bpf_object__load(advancing))
		die(argv[2]);
	counter = program_of(counting, "membench_l2");
	advance = program_of(advancing, "advance");
	if (bpf_map_update_elem(map_of(advancing, "then"), &zero, &counter, BPF_ANY))
		die("program array");
	printf("[");
	for (int i = 4; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t size = file ? fread(frame, 1, sizeof(frame), file) : 0;
		struct stream stream = {.seq = 1000 + i};
		int from_client;

		if (size < TCP + 20)
			die(argv[i]);
		fclose(file);
		from_client = (frame[TCP + 2] << 8 | frame[TCP + 3]) == PORT;
		open_connection(counter, from_client, stream.seq++);
		stream.step = size - TCP - (frame[TCP + 12] >> 4) * 4;
		printf("%s[", i > 4 ? "," : "");
		for (int batch = -1; batch < BATCHES; batch++) {
			unsigned bare;

			stream.goes_on = 0;
			if (bpf_map_update_elem(map_of(advancing, "stream"), &zero, &stream, BPF_ANY))
				die("stream");
			bare = run(advance, size, REPEAT);
			stream.goes_on = 1;
			if (bpf_map_update_elem(map_of(advancing, "stream"), &zero, &stream, BPF_ANY))
				die("stream");
			stream.seq += REPEAT * stream.step;
			if (batch >= 0)
				printf("%s%u", batch ? "," : "", run(advance, size, REPEAT) - bare);
			else
				run(advance, size, REPEAT);
			*consumer = *producer;
		}
		printf("]");
	}
	printf("]\n");
	if (skipped(counting)) {
		fprintf(stderr, "count_run: some segments were not read\n");
		return 1;
	}
	return 0;
}
