import { workerData } from 'node:worker_threads';
import { answerCalls } from '../../../platform/answer-calls.ts';
import { connect } from '../database.ts';
import { heavyReadsOn } from './heavy-reads.ts';

const { url } = workerData as { readonly url: string };
const database = await connect(url);
answerCalls({ ...heavyReadsOn(database) }, () => database.close());
