/** Hadoop's file system: a real NameNode and DataNode in one JVM, behind a gate that asks for what Hadoop checks only with Kerberos. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../install-once.ts';
import { runProgram } from '../run-program.ts';
import { HdfsGate } from './hdfs-gate.ts';
import { type Service, type ServiceProgram, withService } from './service.ts';
import { Wire } from './wire.ts';

const VERSION = '3.4.2';
const USER = 'trainyard';
const WITHOUT_JAVA = 'the tests of HDFS need a Java development kit of version 17 or newer, and Maven (Debian, Ubuntu: apt-get install maven)';

export interface Hdfs {
  /** `http://host:port` of the NameNode's web side; data nodes are behind the same address. */
  readonly url: string;
  /** Owns the root of the file system. */
  readonly user: string;
  /** Delegation tokens: a valid one, and one whose time is over. */
  readonly token: string;
  readonly expiredToken: string;
  readonly wire: Wire;
  readonly gate: HdfsGate;
  stop(): Promise<void>;
}

export async function startHdfs(): Promise<Hdfs> {
  const home = await installOnce(`hdfs-${VERSION}`, fetchJars);
  return withService(programOf(home), hdfsOf);
}

async function hdfsOf(service: Service): Promise<Hdfs> {
  const tokens = { valid: randomBytes(24).toString('base64url'), expired: randomBytes(24).toString('base64url') };
  const gate = await HdfsGate.before(service.port, { user: USER, tokens });
  const wire = await Wire.to(gate.port);
  gate.publicUrl = wire.url;
  return {
    url: wire.url,
    user: USER,
    token: tokens.valid,
    expiredToken: tokens.expired,
    wire,
    gate,
    stop: async () => {
      await wire.close();
      await gate.close();
      await service.stop();
    },
  };
}

function programOf(home: string): ServiceProgram {
  return {
    name: 'hdfs',
    command: ({ dir, port }) => {
      mkdirSync(join(dir, 'data'), { recursive: true });
      return {
        program: 'java',
        argv: [
          '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '--add-opens=java.base/java.lang=ALL-UNNAMED', '--add-opens=java.base/java.util=ALL-UNNAMED',
          `-Dhadoop.home.dir=${dir}`, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${home}:${join(home, 'jars', '*')}`, 'Hdfs', dir, String(port),
        ],
        env: { HADOOP_USER_NAME: USER },
      };
    },
    // out of safe mode and with a live DataNode: it says where a file could be written
    isReady: async (url) => (await fetch(`${url}/webhdfs/v1/ready?op=CREATE&overwrite=true&user.name=${USER}`, { method: 'PUT', redirect: 'manual' })).status === 307,
  };
}

/** The shaded jars: few artifacts instead of about 150. jakarta.xml.bind-api because a JDK after 8 has none and the web side needs it. */
async function fetchJars(dir: string): Promise<void> {
  const jars = [['org.apache.hadoop', 'hadoop-client-api', VERSION], ['org.apache.hadoop', 'hadoop-client-runtime', VERSION], ['org.apache.hadoop', 'hadoop-client-minicluster', VERSION], ['jakarta.xml.bind', 'jakarta.xml.bind-api', '2.3.3'], ['org.slf4j', 'slf4j-simple', '1.7.36']];
  const dependencies = jars.map(([group, name, version]) => `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`).join('');
  writeFileSync(join(dir, 'pom.xml'), `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>trainyard</groupId><artifactId>hdfs-for-tests</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies}</dependencies></project>`);
  await runProgram('mvn', ['-B', '-ntp', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${join(dir, 'jars')}`, '-DincludeScope=runtime'], { cwd: dir, missing: WITHOUT_JAVA });
  writeFileSync(join(dir, 'Hdfs.java'), PROGRAM);
  await runProgram('javac', ['-cp', join(dir, 'jars', '*'), 'Hdfs.java'], { cwd: dir, missing: WITHOUT_JAVA });
}

/** Format and start in one JVM register the same metrics twice, hence the mode. */
const PROGRAM = `
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
public class Hdfs {
  public static void main(String[] a) throws Exception { // directory, web port
    DefaultMetricsSystem.setMiniClusterMode(true);
    Configuration c = new HdfsConfiguration();
    c.set("fs.defaultFS", "hdfs://127.0.0.1:0");
    c.set("dfs.namenode.rpc-address", "127.0.0.1:0");
    c.set("dfs.namenode.http-address", "127.0.0.1:" + a[1]);
    c.set("dfs.namenode.name.dir", "file://" + a[0] + "/name");
    c.set("dfs.datanode.data.dir", "file://" + a[0] + "/data");
    c.set("dfs.datanode.hostname", "127.0.0.1"); // the host in the redirects
    for (String k : new String[] {"address", "http.address", "ipc.address"}) c.set("dfs.datanode." + k, "127.0.0.1:0");
    c.set("dfs.replication", "1");
    c.set("dfs.namenode.safemode.extension", "0");
    c.set("dfs.datanode.du.reserved", "0");
    c.set("dfs.blocksize", "8388608"); // files of several blocks without many bytes
    NameNode.format(c);
    NameNode n = NameNode.createNameNode(new String[0], c);
    c.set("fs.defaultFS", "hdfs://127.0.0.1:" + n.getNameNodeAddress().getPort());
    c.set("dfs.namenode.rpc-address", "127.0.0.1:" + n.getNameNodeAddress().getPort());
    DataNode.createDataNode(new String[0], c);
    n.join();
  }
}
`;
