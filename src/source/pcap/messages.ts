/** What the capturing child says, one JSON line each: readiness on descriptor 3, a failure on stderr. */
export interface ChildReady {
  ready: true;
  /** LINKTYPE_ value (tcpdump.org/linktypes.html), as in the stream's header. */
  linktype: number;
}

export interface ChildFailure {
  code:
    | 'NOT_INSTALLED'
    | 'NOT_BUILT'
    | 'NO_DEVICE'
    | 'DEVICE_DOWN'
    | 'NO_PERMISSION'
    /** The link type has no VLAN tags, so the filter must not ask for them. */
    | 'NO_VLAN'
    | 'LINKTYPE'
    | 'PRIVILEGE'
    | 'FAILED';
  /** Why, without the device's name. */
  message: string;
}

/** Descriptor of the child's readiness. */
export const READY_FD = 3;
