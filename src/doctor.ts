/** Tells which sources work on this machine, and what confines the process that decodes live packets. */
import { diagnoseCounting } from './count/doctor.js';
import { tryRecorder } from './recorder/try.js';
import type { Check } from './source/check.js';
import { diagnoseSources, type SourceDiagnosis } from './source/doctor.js';

export interface Diagnosis {
  sources: SourceDiagnosis[];
  /** The best source that works here; `file` where no live source does. */
  best: SourceDiagnosis['source'];
  /** Whether `count` works, found out by loading its program. */
  counting: Check[];
  /** What confines the process that decodes live packets, found out by starting one. */
  decoder: Check[];
}

export interface DoctorOptions {
  /** As for `record`, where it changes this process; the diagnosis does the same. Default false. */
  giveUpRights?: boolean;
}

/** Tries every source and the recorder. Nothing is captured, attached or left behind. */
export async function diagnose({ giveUpRights = false }: DoctorOptions): Promise<Diagnosis> {
  const sources = await diagnoseSources();
  const counting = await diagnoseCounting();
  // Last, because it may give up rights that the others need.
  return { ...sources, counting, decoder: await tryRecorder(giveUpRights) };
}
