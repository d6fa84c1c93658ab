/** What a link header can turn out to be, besides an offset of the IP header behind it. */

/** The packet ends inside its link header. */
export const LINK_CUT: i32 = -1;
/** The packet carries something else than IP. */
export const LINK_NOT_IP: i32 = -2;
