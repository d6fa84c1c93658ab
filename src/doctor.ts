/** What works here: the sources, and what confines the process that decodes what they give. */
import { tryRecorder } from './recorder/try.js';
import type { Check } from './source/check.js';
import { diagnoseSources, type SourceDiagnosis } from './source/doctor.js';

export interface Diagnosis {
  sources: SourceDiagnosis[];
  /** The best source that works here; `file` where no live one does. */
  best: SourceDiagnosis['source'];
  /** What confines the process that decodes live packets: one was started to see, and ended. */
  decoder: Check[];
}

export interface DoctorOptions {
  /** As for `record`: what it changes in this process is part of what is tried. Default false. */
  giveUpRights?: boolean;
}

/** Says what works here. Nothing is captured, attached or left behind. */
export async function diagnose({ giveUpRights = false }: DoctorOptions): Promise<Diagnosis> {
  const sources = await diagnoseSources();
  // Last: what it may give up, the sources need.
  return { ...sources, decoder: await tryRecorder(giveUpRights) };
}
