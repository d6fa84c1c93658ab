/*
 * The empty libpcap loop: walks a capture and touches one byte of each packet.
 * usage: pcap_loop FILE [FILTER]
 */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	unsigned long packets = 0, sum = 0;
	int rc;

	if (argc < 2)
		return 2;
	pcap_t *pcap = pcap_open_offline(argv[1], errbuf);
	if (!pcap) {
		fprintf(stderr, "%s\n", errbuf);
		return 1;
	}
	if (argc > 2) {
		struct bpf_program program;
		if (pcap_compile(pcap, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN) || pcap_setfilter(pcap, &program)) {
			fprintf(stderr, "%s\n", pcap_geterr(pcap));
			return 1;
		}
	}
	while ((rc = pcap_next_ex(pcap, &header, &data)) == 1) {
		packets++;
		sum += data[0];
	}
	printf("%lu packets, %lu\n", packets, sum);
	pcap_close(pcap);
	return rc == -2 ? 0 : 1;
}
