import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.RunsPage;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/** What MLflow's Java client can do, against the server of MLFLOW_TRACKING_URI. Prints the name of each part that went well. */
public class JavaTour {
  static final MlflowClient client = new MlflowClient(new BasicMlflowHostCreds(System.getenv("MLFLOW_TRACKING_URI"), System.getenv("MLFLOW_TRACKING_TOKEN")));

  interface Part {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Part> parts = Map.of("experiments", JavaTour::experiments, "runs", JavaTour::runs, "values", JavaTour::values, "search", JavaTour::search, "registry", JavaTour::registry, "artifacts", JavaTour::artifacts);
    for (String name : arguments) {
      parts.get(name).run();
      System.out.println(name);
    }
    client.close();
  }

  static void same(Object found, Object expected) {
    if (!Objects.equals(found, expected)) throw new AssertionError("found " + found + " instead of " + expected);
  }

  /** The refusal, with its status. */
  static MlflowHttpException refused(int status, Runnable call) {
    try {
      call.run();
    } catch (MlflowHttpException error) {
      same(error.getStatusCode(), status);
      return error;
    }
    throw new AssertionError("it was not refused");
  }

  static void experiments() {
    String id = client.createExperiment("java");
    same(client.getExperimentByName("java").get().getExperimentId(), id);
    same(client.getExperimentByName("nobody").isPresent(), false);
    refused(400, () -> client.createExperiment("java"));
    client.setExperimentTag(id, "team", "größe");
    client.renameExperiment(id, "java renamed");
    same(client.getExperiment(id).getName(), "java renamed");
    same(client.getExperiment(id).getTags(0).getValue(), "größe");
    client.deleteExperiment(id);
    same(client.getExperiment(id).getLifecycleStage(), "deleted");
    client.restoreExperiment(id);
    for (int i = 0; i < 3; i++) client.createExperiment("java page " + i);
    var page = client.searchExperiments("name LIKE 'java page %'", ViewType.ACTIVE_ONLY, 2, List.of("name DESC"));
    same(page.getItems().get(0).getName(), "java page 2");
    same(page.getNextPage().getItems().iterator().next().getName(), "java page 0");
    same(refused(404, () -> client.getExperiment("987654321")).getBodyMessage().contains("RESOURCE_DOES_NOT_EXIST"), true);
  }

  static void runs() {
    MlflowContext context = new MlflowContext(client).setExperimentName("java renamed");
    ActiveRun parent = context.startRun("parent");
    ActiveRun child = context.startRun("child", parent.getId());
    child.logParam("alpha", "0.5");
    child.logParams(Map.of("a", "1", "b", "2"));
    child.logMetric("loss", 0.5, 1);
    child.logMetrics(Map.of("x", 1.0, "y", 2.0), 2);
    child.setTags(Map.of("t", "ü"));
    child.endRun();
    parent.endRun(RunStatus.FAILED);
    Service.Run run = client.getRun(child.getId());
    same(run.getInfo().getStatus(), RunStatus.FINISHED);
    same(client.getRun(parent.getId()).getInfo().getStatus(), RunStatus.FAILED);
    Map<String, String> tags = run.getData().getTagsList().stream().collect(Collectors.toMap(tag -> tag.getKey(), tag -> tag.getValue()));
    same(tags.get("mlflow.parentRunId"), parent.getId());
    same(tags.get("mlflow.runName"), "child");
    same(tags.get("t"), "ü");
    same(run.getData().getParamsCount(), 3);
    same(run.getInfo().getArtifactUri().endsWith(child.getId() + "/artifacts"), true);
    client.deleteRun(parent.getId());
    same(client.getRun(parent.getId()).getInfo().getLifecycleStage(), "deleted");
    refused(400, () -> client.setTag(parent.getId(), "a", "b"));
    client.restoreRun(parent.getId());
    client.deleteTag(child.getId(), "t");
    refused(404, () -> client.deleteTag(child.getId(), "t"));
    client.setTerminated(child.getId(), RunStatus.KILLED, 1234567L);
    same(client.getRun(child.getId()).getInfo().getEndTime(), 1234567L);
  }

  static void values() {
    String run = client.createRun(client.getExperimentByName("java renamed").get().getExperimentId()).getRunId();
    client.logParam(run, "p", "1");
    client.logParam(run, "p", "1");
    same(refused(400, () -> client.logParam(run, "p", "2")).getBodyMessage().contains("INVALID_PARAMETER_VALUE"), true);
    for (long step : new long[] {2, 0, 1}) client.logMetric(run, "m", step / 2.0, 1000 + step, step);
    client.logMetric(run, "nan", Double.NaN, 1, 1L << 60);
    client.logMetric(run, "inf", Double.POSITIVE_INFINITY);
    same(client.getMetricHistory(run, "m").stream().map(metric -> metric.getStep()).collect(Collectors.toList()), List.of(0L, 1L, 2L));
    same(Double.isNaN(client.getMetricHistory(run, "nan").get(0).getValue()), true);
    same(client.getMetricHistory(run, "nan").get(0).getStep(), 1L << 60);
    same(client.getMetricHistory(run, "inf").get(0).getValue(), Double.MAX_VALUE);
    client.logBatch(run, List.of(Service.Metric.newBuilder().setKey("b").setValue(1).setTimestamp(1).setStep(7).build()), List.of(Service.Param.newBuilder().setKey("bp").setValue("x").build()), List.of(Service.RunTag.newBuilder().setKey("bt").setValue("y").build()));
    same(client.getMetricHistory(run, "b").get(0).getStep(), 7L);
    refused(400, () -> client.logMetric(run, "a#b", 1));
  }

  static void search() {
    String experiment = client.createExperiment("java search");
    for (int i = 0; i < 5; i++) {
      String run = client.createRun(Service.CreateRun.newBuilder().setExperimentId(experiment).setRunName("run " + i).setStartTime(i).build()).getRunId();
      client.logMetric(run, "m", i);
    }
    same(client.searchRuns(List.of(experiment), "metrics.m > 2.5").size(), 2);
    RunsPage page = client.searchRuns(List.of(experiment), "attributes.run_name LIKE 'run%'", ViewType.ALL, 2, List.of("metrics.m DESC"));
    String names = "";
    for (var one = page; ; one = (RunsPage) one.getNextPage()) {
      names += one.getItems().stream().map(run -> run.getInfo().getRunName().substring(4)).collect(Collectors.joining());
      if (!one.hasNextPage()) break;
    }
    same(names, "43210");
    refused(400, () -> client.searchRuns(List.of(experiment), "color = 'red'"));
  }

  static void registry() {
    String run = client.createRun("0").getRunId();
    client.sendPost("registered-models/create", "{\"name\": \"java wine\"}");
    for (int i = 0; i < 2; i++) client.sendPost("model-versions/create", "{\"name\": \"java wine\", \"source\": \"runs:/" + run + "/model\", \"run_id\": \"" + run + "\"}");
    client.sendPost("model-versions/transition-stage", "{\"name\": \"java wine\", \"version\": \"1\", \"stage\": \"Production\"}");
    client.sendPatch("model-versions/update", "{\"name\": \"java wine\", \"version\": \"1\", \"description\": \"first\"}");
    same(client.getRegisteredModel("java wine").getLatestVersionsCount(), 2);
    same(client.getModelVersion("java wine", "1").getDescription(), "first");
    same(client.getModelVersion("java wine", "1").getRunId(), run);
    same(client.getLatestVersions("java wine", List.of("Production")).get(0).getVersion(), "1");
    same(client.getModelVersionDownloadUri("java wine", "2"), "runs:/" + run + "/model");
    var page = client.searchModelVersions("name = 'java wine'", 1, List.of("version_number DESC"));
    same(page.getItems().get(0).getVersion(), "2");
    same(page.getNextPage().getItems().iterator().next().getVersion(), "1");
    refused(404, () -> client.getRegisteredModel("nobody"));
  }

  /** The client asks the program `mlflow` to carry files. */
  static void artifacts() throws Exception {
    String run = client.createRun("0").getRunId();
    Path directory = Files.createTempDirectory("java-tour");
    Path file = Files.writeString(directory.resolve("größe.txt"), "hallo");
    client.logArtifact(run, file.toFile(), "notes");
    client.logArtifacts(run, directory.toFile(), "many");
    same(client.listArtifacts(run).stream().map(one -> one.getPath()).collect(Collectors.toList()), List.of("many", "notes"));
    same(client.listArtifacts(run, "notes").get(0).getFileSize(), 5L);
    same(Files.readString(client.downloadArtifacts(run, "notes/größe.txt").toPath()), "hallo");
  }
}
