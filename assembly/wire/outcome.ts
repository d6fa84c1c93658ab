/** Results of reading a link header, besides the offset of the IP header. */

/** The packet ends inside its link header. */
export const LINK_CUT: i32 = -1;
/** The packet does not carry IP. */
export const LINK_NOT_IP: i32 = -2;
