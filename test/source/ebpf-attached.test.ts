/** Interfaces that come and go while programs are attached to them, without a kernel. */
import { fstatSync, openSync, statSync } from 'node:fs';
import test from 'ava';
import { MembenchError } from '#src/errors.js';
import type { Interface } from '#src/native/interfaces.js';
import { attach } from '#src/source/ebpf/attach.js';
import { AttachedInterfaces } from '#src/source/ebpf/attached.js';
import type { Libbpf } from '#src/source/ebpf/libbpf.js';
import type { SourceChange } from '#src/source/source.js';

// errno of asm-generic/errno-base.h.
const EPERM = 1;
const EBUSY = 16;
const ENODEV = 19;
const EINVAL = 22;

const device = (ifindex: number): Interface => ({
  name: `v${ifindex}`,
  ifindex,
  up: true,
  loopback: false,
  link: 'ethernet',
});

/** Interfaces 1 to n, and a kernel in whose place `link` answers for an interface and how often it was asked. */
class World {
  devices: Interface[];
  readonly changes: SourceChange[] = [];
  readonly asked: number[] = [];
  readonly links = new Set<number>();
  readonly attached: AttachedInterfaces;

  constructor(name: string, n: number, link: (ifindex: number, world: World) => number) {
    this.devices = Array.from({ length: n }, (_, i) => device(i + 1));
    const libbpf = {
      createLink: (_program: number, ifindex: number) => {
        this.asked.push(ifindex);
        const code = link(ifindex, this);
        if (code < 0) return code;
        // What detaching closes must be a descriptor.
        const fd = openSync('/dev/null', 'r');
        this.links.add(fd);
        return fd;
      },
      // A kernel without TCX, or an interface that is not there.
      tcDetach: () => -ENODEV,
      tcHookCreate: () => -ENODEV,
      tcHookDestroy: () => -ENODEV,
      hasFilters: () => false,
    } as unknown as Libbpf;
    const interfaces = {
      all: () => [...this.devices],
      find: (wanted: string) => this.devices.find((one) => one.name === wanted),
    };
    this.attached = new AttachedInterfaces(
      name,
      interfaces,
      (one) => attach(libbpf, { l2: 0, l3: 0 }, one),
      (change) => this.changes.push(change),
    );
  }

  remove(ifindex: number): void {
    this.devices = this.devices.filter((one) => one.ifindex !== ifindex);
  }

  get messages(): string[] {
    return this.changes.map(({ message }) => message);
  }

  /** Descriptors of links nobody closed. Tests run one by one, as another's may have the same numbers. */
  get open(): number {
    const { rdev } = statSync('/dev/null');
    const isOpen = (fd: number) => {
      try {
        return fstatSync(fd).rdev === rdev;
      } catch {
        return false;
      }
    };
    return [...this.links].filter(isOpen).length;
  }
}

for (const code of [ENODEV, EINVAL]) {
  test.serial(`one of many that vanishes while it is attached is left out, errno ${code}`, async (t) => {
    const world = new World('*', 4, (ifindex, { asked }) => {
      if (ifindex !== 2) return 0;
      // With the first direction attached, or with none.
      if (code === EINVAL || asked.filter((one) => one === 2).length === 2) world.remove(2);
      return world.devices.length === 3 ? -code : 0;
    });
    await world.attached.start();
    t.deepEqual(world.attached.names, ['v1', 'v3', 'v4']);
    t.deepEqual(world.messages, ['v2: the interface is gone']);
    t.false(world.changes[0]!.over);
    t.true(await world.attached.look());
    t.is(world.changes.length, 1);
    world.attached.stop();
    t.is(world.open, 0);
  });
}

test.serial('one that vanishes right after it was attached is gone at the next look', async (t) => {
  const world = new World('*', 2, () => 0);
  await world.attached.start();
  world.remove(1);
  t.true(await world.attached.look());
  t.deepEqual(world.messages, ['v1: the interface is gone']);
  world.remove(2);
  t.true(await world.attached.look(), 'others may come');
  world.attached.stop();
  t.is(world.open, 0);
});

test.serial('all vanish: there is none', async (t) => {
  const world = new World('*', 2, (ifindex) => {
    world.remove(ifindex);
    return -ENODEV;
  });
  await t.throwsAsync(world.attached.start(), { code: 'ERR_MEMBENCH_SOURCE', message: /no such interface/ });
});

test.serial('the only one wanted vanishes: it is not the kernel that refuses', async (t) => {
  const world = new World('v1', 2, (ifindex) => {
    world.remove(ifindex);
    return -ENODEV;
  });
  await t.throwsAsync(world.attached.start(), {
    code: 'ERR_MEMBENCH_SOURCE',
    message: 'v1: there is no such interface',
  });
  t.deepEqual(world.messages, []);
});

test.serial('one that is there and refused is told once; where all are, it is the failure', async (t) => {
  const world = new World('*', 3, (ifindex) => (ifindex === 2 ? -EBUSY : 0));
  await world.attached.start();
  for (let i = 0; i < 3; i++) t.true(await world.attached.look());
  t.deepEqual(world.attached.names, ['v1', 'v3']);
  t.is(world.messages.length, 1);
  t.regex(world.messages[0]!, /^v2: the kernel will not attach the BPF program: .*; it is not recorded$/);
  t.deepEqual(world.asked.filter((ifindex) => ifindex === 2).length, 1);
  // One that comes in its place is tried.
  world.remove(2);
  t.true(await world.attached.look());
  world.devices.push(device(2));
  t.true(await world.attached.look());
  t.is(world.messages.length, 2);
  world.attached.stop();
  t.is(world.open, 0);

  const none = new World('*', 2, () => -EPERM);
  const error = await t.throwsAsync(none.attached.start(), {
    code: 'ERR_MEMBENCH_UNSUPPORTED',
    message: /^v1: /,
  });
  t.true(error instanceof MembenchError);
});

test.serial('told to stop while it attaches: nothing stays attached, and that is no failure', async (t) => {
  const world = new World('*', 3, (ifindex) => {
    if (ifindex === 2) world.attached.stop();
    return 0;
  });
  await world.attached.start();
  t.deepEqual(world.attached.names, []);
  t.deepEqual(world.messages, []);
  t.is(world.open, 0);
  t.false(await world.attached.look());
});
