/** Amazon's S3: S3Proxy in memory, where keys are keys as on S3: over a directory a file and what is below it could not be told apart. It checks signatures, and has multipart uploads, ranges and conditional reads. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { installOnce } from '../install-once.ts';
import { runProgram } from '../run-program.ts';
import type { Cloud } from './cloud.ts';
import { type Service, type ServiceProgram, withService } from './service.ts';
import { Wire } from './wire.ts';

const VERSION = '2.6.0';
const [BUCKET, IDENTITY] = ['trainyard', 'AKIAOFTHETESTS000000'];

/** Directory with `jars/`. */
export function s3proxyHome(): Promise<string> {
  return installOnce(`s3proxy-${VERSION}`, fetchJars);
}

export async function startS3(): Promise<Cloud> {
  const jars = await s3proxyHome();
  const secret = randomBytes(16).toString('hex');
  return withService(programOf(jars, secret), (service) => cloudOf(service, secret));
}

function programOf(jars: string, secret: string): ServiceProgram {
  return {
    name: 's3proxy',
    command: ({ dir, port }) => {
      writeFileSync(join(dir, 's3proxy.conf'), settings(port, secret), { mode: 0o600 });
      return { program: 'java', argv: ['-Xmx1g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, 'jars', '*'), 'org.gaul.s3proxy.Main', '--properties', 's3proxy.conf'] };
    },
    // without a signature it answers 403
    isReady: async (url) => (await fetch(url)).status === 403,
  };
}

async function cloudOf(service: Service, secret: string): Promise<Cloud> {
  const wire = await Wire.to(service.port);
  const credentials = { accessKeyId: IDENTITY, secretAccessKey: secret };
  await new S3Client({ region: 'us-east-1', endpoint: wire.url, forcePathStyle: true, credentials }).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const wrong = randomBytes(16).toString('hex');
  return {
    name: 'S3',
    location: `s3://${BUCKET}`,
    missingLocation: 's3://nowhere',
    endpoint: wire.url,
    env: { AWS_ACCESS_KEY_ID: IDENTITY, AWS_SECRET_ACCESS_KEY: secret },
    wrongEnv: { AWS_ACCESS_KEY_ID: IDENTITY, AWS_SECRET_ACCESS_KEY: wrong },
    secrets: [secret, wrong],
    wire,
    stop: async () => {
      await wire.close();
      await service.stop();
    },
  };
}

function settings(port: number, secret: string): string {
  return [
    `s3proxy.endpoint=http://127.0.0.1:${port}`, 's3proxy.authorization=aws-v2-or-v4', `s3proxy.identity=${IDENTITY}`, `s3proxy.credential=${secret}`, 's3proxy.ignore-unknown-headers=true',
    'jclouds.provider=transient', 'jclouds.identity=unused', 'jclouds.credential=unused',
  ].join('\n');
}

async function fetchJars(dir: string): Promise<void> {
  writeFileSync(
    join(dir, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>trainyard</groupId><artifactId>s3-for-tests</artifactId><version>1</version><packaging>pom</packaging>` +
      `<dependencies><dependency><groupId>org.gaul</groupId><artifactId>s3proxy</artifactId><version>${VERSION}</version></dependency></dependencies></project>`,
  );
  await runProgram('mvn', ['-B', '-ntp', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${join(dir, 'jars')}`, '-DincludeScope=runtime'], { cwd: dir, missing: 'the tests of S3 need Java 17 and Maven (Debian, Ubuntu: apt-get install maven)' });
}
