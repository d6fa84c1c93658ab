/** A second, slow and simple reading of generated captures: streams as strings, commands by regular expression. */

export interface WalkedPacket {
  /** µs since 1970. */
  time: number;
  /** All but the time, to tell packets apart: the record's sizes and the frame. */
  frame: string;
  flow: string;
  fromClient: boolean;
  flags: number;
  seq: number;
  payload: string;
}

export interface WalkedRequest {
  flow: string;
  command: string;
  keys: string[];
  /** Keys that were found, with the sizes of their values where the answer has them. */
  found: number;
  sizes: [key: string, size: number][];
  /** First byte and end, counted from the start of each stream. */
  asked: [from: number, to: number];
  answered: [from: number, to: number];
}

const SERVER_PORT = 11211;
const SYN = 0x02;

/** Reads the packets of a classic pcap file of Ethernet, IPv4 and TCP, which must be complete. */
export function readPackets(file: Buffer): WalkedPacket[] {
  const packets: WalkedPacket[] = [];
  for (let at = 24; at < file.length; ) {
    const size = file.readUInt32LE(at + 8);
    const frame = file.subarray(at + 16, at + 16 + size);
    const tcp = 14 + (frame[14]! & 15) * 4;
    const ports = [frame.readUInt16BE(tcp), frame.readUInt16BE(tcp + 2)];
    const fromClient = ports[1] === SERVER_PORT;
    const client = fromClient ? frame.readUInt32BE(26) : frame.readUInt32BE(30);
    packets.push({
      time: file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4),
      frame: file.toString('latin1', at + 8, at + 16 + size),
      flow: `${client}:${fromClient ? ports[0] : ports[1]}`,
      fromClient,
      flags: frame[tcp + 13]!,
      seq: frame.readUInt32BE(tcp + 4),
      payload: frame.toString('latin1', tcp + (frame[tcp + 12]! >> 4) * 4),
    });
    at += 16 + size;
  }
  return packets;
}

/** A name for one direction of one connection. */
export function directionOf(packet: Pick<WalkedPacket, 'flow' | 'fromClient'>): string {
  return `${packet.flow} ${packet.fromClient ? 'asks' : 'answers'}`;
}

/** First sequence number of data, by direction. Every connection must start with its handshake. */
export function dataStarts(packets: WalkedPacket[]): Map<string, number> {
  const syns = packets.filter(({ flags }) => flags & SYN);
  return new Map(syns.map((packet) => [directionOf(packet), (packet.seq + 1) >>> 0]));
}

/** Puts payloads in order. @throws Error where a byte is missing or there twice */
export function joinStreams(packets: WalkedPacket[]): Map<string, string> {
  const starts = dataStarts(packets);
  const pieces = new Map<string, { offset: number; payload: string }[]>();
  for (const packet of packets) {
    if (packet.payload === '') continue;
    const direction = directionOf(packet);
    const offset = (packet.seq - starts.get(direction)!) >>> 0;
    const list = pieces.get(direction) ?? [];
    list.push({ offset, payload: packet.payload });
    pieces.set(direction, list);
  }
  const streams = new Map<string, string>();
  for (const [direction, list] of pieces) {
    let stream = '';
    for (const { offset, payload } of list.sort((a, b) => a.offset - b.offset)) {
      if (offset !== stream.length) throw new Error(`${direction}: ${offset} follows ${stream.length}`);
      stream += payload;
    }
    streams.set(direction, stream);
  }
  return streams;
}

/** Reads every request with its answer. @throws Error for what is not the protocol */
export function readDialogue(packets: WalkedPacket[]): WalkedRequest[] {
  const streams = joinStreams(packets);
  return [...new Set(packets.map(({ flow }) => flow))].flatMap((flow) => {
    const asked = streams.get(`${flow} asks`) ?? '';
    const answered = streams.get(`${flow} answers`) ?? '';
    return readConnection(flow, asked, answered);
  });
}

function readConnection(flow: string, asked: string, answered: string): WalkedRequest[] {
  const requests: WalkedRequest[] = [];
  let to = 0;
  let answerTo = 0;
  while (to < asked.length) {
    const request = readRequest(asked, to);
    const answer = readAnswer(request, answered, answerTo);
    requests.push({
      flow,
      command: request.command,
      keys: request.keys,
      found: answer.found,
      sizes: [...request.sizes, ...answer.sizes],
      asked: [to, request.end],
      answered: [answerTo, answer.end],
    });
    to = request.end;
    answerTo = answer.end;
  }
  if (answerTo !== answered.length) throw new Error(`${flow}: an answer without a request`);
  return requests;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray {
  const sticky = new RegExp(pattern, 'y');
  sticky.lastIndex = at;
  const found = sticky.exec(text);
  if (!found) throw new Error(`not the protocol: ${JSON.stringify(text.slice(at, at + 80))}`);
  return found;
}

/** End of a value and its line end. */
function afterValue(text: string, from: number, size: number): number {
  const end = from + size + 2;
  if (text.slice(end - 2, end) !== '\r\n')
    throw new Error(`a value of ${size} bytes does not end with its line`);
  return end;
}

function readRequest(text: string, at: number) {
  const [line, command = '', rest = ''] = match(/(get|mg|set|delete) ([^\r\n]+)\r\n/, text, at);
  const words = rest.split(' ');
  const keys = command === 'get' ? words : words.slice(0, 1);
  const sizes: [string, number][] = [];
  let end = at + line.length;
  if (command === 'set') {
    const size = Number(words[3]);
    sizes.push([keys[0]!, size]);
    end = afterValue(text, end, size);
  }
  return { command, keys, sizes, end };
}

function readAnswer({ command, keys }: { command: string; keys: string[] }, text: string, at: number) {
  const sizes: [string, number][] = [];
  if (command === 'set') return { found: 0, sizes, end: at + match(/STORED\r\n/, text, at)[0].length };
  if (command === 'delete') {
    const [line] = match(/DELETED\r\n|NOT_FOUND\r\n/, text, at);
    return { found: line === 'DELETED\r\n' ? 1 : 0, sizes, end: at + line.length };
  }
  let end = at;
  for (;;) {
    const [line, textKey, textSize, metaSize] = match(
      /VALUE (\S+) 0 (\d+)\r\n|VA (\d+)[^\r\n]*\r\n|END\r\n|EN\r\n/,
      text,
      end,
    );
    end += line.length;
    if (!line.startsWith('VA')) return { found: sizes.length, sizes, end };
    const size = Number(textSize ?? metaSize);
    sizes.push([textKey ?? keys[0]!, size]);
    end = afterValue(text, end, size);
    if (command === 'mg') return { found: 1, sizes, end };
  }
}
