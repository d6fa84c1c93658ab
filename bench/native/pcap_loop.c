/*
 * The empty libpcap loop: walks a capture, touches one byte of each packet, and prints the number of packets.
 *
 * usage: pcap_loop FILE [FILTER]
 */
#include <pcap/pcap.h>
#include <stdio.h>

static int fail(const char *what)
{
	fprintf(stderr, "pcap_loop: %s\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	struct pcap_pkthdr *header;
	const u_char *data;
	unsigned long packets = 0;
	unsigned char touched = 0;
	int rc;

	if (argc < 2 || argc > 3)
		return fail("usage: pcap_loop FILE [FILTER]");
	pcap_t *pcap = pcap_open_offline(argv[1], errbuf);
	if (!pcap)
		return fail(errbuf);
	if (argc == 3 && (pcap_compile(pcap, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN) || pcap_setfilter(pcap, &program)))
		return fail(pcap_geterr(pcap));
	while ((rc = pcap_next_ex(pcap, &header, &data)) == 1) {
		packets++;
		touched ^= data[0];
	}
	if (rc != PCAP_ERROR_BREAK)
		return fail(pcap_geterr(pcap));
	/* The bytes are printed so that the compiler does not remove the loop. */
	printf("%lu packets, %u\n", packets, touched);
	pcap_close(pcap);
	return 0;
}
