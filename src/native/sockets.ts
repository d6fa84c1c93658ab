/**
 * Numbers of Linux's socket interface, the same on all but a few architectures (linux/socket.h;
 * bits/socket_type.h of glibc; asm-generic/socket.h).
 */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
export const SOL_PACKET = 263;
/** An option of SOL_PACKET (linux/if_packet.h): what was taken and dropped since it was asked last. */
export const PACKET_STATISTICS = 6;
