/*
 * What the BPF program costs a packet: nanoseconds a run as the kernel counts them (BPF_PROG_TEST_RUN), hot,
 * with the ring drained between batches: a BPF ring, or that of the perf buffer for this CPU. Packets in such runs
 * have no stamp, so the clock's cost is in it.
 *
 * usage: program_run OBJECT PROGRAM FRAME...
 *
 * A FRAME is a file with one packet, at most about 3,500 bytes (the kernel's limit). Writes a JSON list to standard output: for each frame the nanoseconds of
 * every batch.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../bpf/layout.h"

#define RING (4u << 20)
/* So many bytes of the ring are filled in a batch at most. */
#define BATCH_BYTES (RING / 2)
#define BATCH_MAX 20000
/* The first ones touch the pages of the ring. */
#define WARM_UP 10
#define BATCHES 51
#define PORT 11211

static void die(const char *what)
{
	fprintf(stderr, "program_run: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct bpf_map *map_of(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		die(name);
	return map;
}

static void configure(struct bpf_object *object, const char *name)
{
	struct bpf_program *program;
	size_t size;
	struct membench_kernel_settings *settings = (void *)bpf_map__initial_value(map_of(object, ".rodata"), &size);
	unsigned char *ports = (void *)bpf_map__initial_value(map_of(object, ".rodata.ports"), &size);

	if (settings->layout_hash != MEMBENCH_LAYOUT_HASH) {
		fprintf(stderr, "program_run: the object is of another layout\n");
		exit(1);
	}
	settings->rings = 1;
	settings->seed = 77;
	settings->snaplen = MEMBENCH_RING_CAPTURE_MAX;
	/* Nobody sleeps on the ring: a wake-up is cheap here, and none would be wrong. */
	settings->wake_interval = 2000000;
	settings->sample = 1;
	ports[PORT >> 3] |= 1 << (PORT & 7);
	bpf_map__set_max_entries(map_of(object, "counters"), libbpf_num_possible_cpus() * 2);
	bpf_map__set_max_entries(map_of(object, "gatherings"), libbpf_num_possible_cpus());
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
}

/* How far the kernel has written, and how far it was read. */
struct positions {
	unsigned long *producer, *consumer;
};

static void hand_over(struct bpf_object *object, const char *map, int ring)
{
	unsigned zero = 0;

	if (ring < 0 || bpf_map_update_elem(bpf_map__fd(map_of(object, map)), &zero, &ring, BPF_ANY))
		die("ring");
}

static void *map_at(int fd, size_t size, off_t offset, int protection)
{
	void *at = mmap(NULL, size, protection, MAP_SHARED, fd, offset);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

static struct positions bpf_ring(struct bpf_object *object)
{
	long page = sysconf(_SC_PAGESIZE);
	int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "bench", 0, 0, RING, NULL);

	hand_over(object, "rings", ring);
	return (struct positions){ map_at(ring, page, page, PROT_READ),
				   map_at(ring, page, 0, PROT_READ | PROT_WRITE) };
}

/* The ring of CPU 0, on which everything runs from now on. */
static struct positions perf_ring(struct bpf_object *object)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.watermark = 1,
		.wakeup_watermark = 16384,
	};
	struct perf_event_mmap_page *page;
	cpu_set_t first;
	int ring;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		die("sched_setaffinity");
	ring = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	hand_over(object, "events", ring);
	page = map_at(ring, sysconf(_SC_PAGESIZE) + RING, 0, PROT_READ | PROT_WRITE);
	return (struct positions){ (unsigned long *)&page->data_head, (unsigned long *)&page->data_tail };
}

int main(int argc, char **argv)
{
	static unsigned char frame[1 << 17];
	struct bpf_object *object;
	struct bpf_program *program;
	struct positions ring;

	if (argc < 4) {
		fprintf(stderr, "usage: program_run OBJECT PROGRAM FRAME...\n");
		return 2;
	}
	object = bpf_object__open(argv[1]);
	if (!object)
		die(argv[1]);
	configure(object, argv[2]);
	if (bpf_object__load(object))
		die("the kernel refuses the object");
	program = bpf_object__find_program_by_name(object, argv[2]);
	if (!program)
		die(argv[2]);
	ring = bpf_object__find_map_by_name(object, "rings") ? bpf_ring(object) : perf_ring(object);
	printf("[");
	for (int i = 3; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		size_t size = file ? fread(frame, 1, sizeof(frame), file) : 0;
		unsigned repeat = BATCH_BYTES / (size + 512);

		if (!size)
			die(argv[i]);
		fclose(file);
		if (repeat > BATCH_MAX)
			repeat = BATCH_MAX;
		printf("%s[", i > 3 ? "," : "");
		for (int batch = -WARM_UP; batch < BATCHES; batch++) {
			LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = size, .repeat = repeat);

			if (bpf_prog_test_run_opts(bpf_program__fd(program), &run))
				die("BPF_PROG_TEST_RUN");
			if (batch >= 0)
				printf("%s%u", batch ? "," : "", run.duration);
			__atomic_store_n(ring.consumer, __atomic_load_n(ring.producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
		}
		printf("]");
	}
	printf("]\n");
	bpf_object__close(object);
	return 0;
}
