package io.odradek.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A schedule says enough: TLC, given nothing but its steps, finds the run again. */
@Tag("tlc")
class SchedulesTest {
    private static final Path SPECIFICATIONS = Path.of("..", "tla");
    private static final TlcJvm JVMS = new TlcJvm(List.of(SPECIFICATIONS), Path.of("target", "tla", "schedules"));

    @TempDir
    private Path directory;

    @Test
    void howAMutantFailsIsOneOfItsRunsAndNoneOfTheProtocol() throws Exception {
        // It begins with a leader, where the specification does not, and so does its schedule.
        List<Schedule> schedules = schedules("Quorum.leads-on-after-restart");
        assertThat(schedules).hasSize(1);
        Schedule schedule = schedules.getFirst();
        assertThat(schedule.purpose()).isEqualTo(new Schedule.Purpose("violates", "LogMatching"));
        assertThat(schedule.run().begins()).isEmpty();
        RecordedRun run = schedule.run().recorded();
        Map<String, Json> fixed = new HashMap<>(run.constants());
        assertThat(fixed.remove("Bugs")).isNotNull();
        List<TraceChecker.Explained> explained =
                explain("Quorum", List.of(run, run.with(1, RecordedRun.CONSTANTS, new Json.Members(fixed))));
        assertThat(explained.getFirst().describe())
                .isEqualTo("accepted: " + run.events().size() + " events");
        assertThat(explained.getLast().isAccepted()).isFalse();
    }

    @Test
    void waysToEveryActionAndStateOfAModelAreRunsOfIt() throws Exception {
        List<Schedule> schedules = schedules("IdempotentProducer.cut");
        Task task = task("IdempotentProducer.cut");
        Set<String> actions = new TreeSet<>(
                TraceModule.named(SPECIFICATIONS, "IdempotentProducer").actions());
        actions.removeAll(task.neverFires().keySet());
        // As its comment claims. TLC's own counts have it among others, under the name of Next.
        actions.remove("RaiseEpoch");
        assertThat(goals(schedules, "takes")).isEqualTo(actions);
        assertThat(goals(schedules, "reaches"))
                .isEqualTo(new TreeSet<>(task.check().reached()));
        assertThat(schedules)
                .filteredOn(way -> way.purpose().verb().equals("takes"))
                .allMatch(way -> way.run()
                        .steps()
                        .getLast()
                        .action()
                        .equals(way.purpose().what()));
        List<RecordedRun> runs =
                schedules.stream().map(way -> way.run().recorded()).toList();
        assertThat(explain("IdempotentProducer", runs)).allMatch(TraceChecker.Explained::isAccepted);
    }

    @Test
    void aModuleHasTheStepsOfTheMachineThatItExtends() throws Exception {
        assertThat(TraceModule.of(SPECIFICATIONS, "IsrSchedules").map(TraceModule::machine))
                .hasValue("Isr");
        assertThat(TraceModule.of(SPECIFICATIONS, "Isr").map(TraceModule::name)).hasValue("IsrTrace");
        assertThat(TraceModule.of(SPECIFICATIONS, "Majority")).isEmpty();
    }

    private static Set<String> goals(List<Schedule> schedules, String verb) {
        return schedules.stream()
                .map(Schedule::purpose)
                .filter(purpose -> purpose.verb().equals(verb))
                .map(Schedule.Purpose::what)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Task task(String name) throws Exception {
        return Plan.named(ModelFile.below(SPECIFICATIONS), Profile.CI, Plan.Wanted.BOTH, List.of(name)).stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** As they are read again from what was written. */
    private List<Schedule> schedules(String name) throws Exception {
        Task task = task(name);
        TlcJvm.Named named = JVMS.runAndName(task.check(), TlcJvm.Progress.NONE);
        return new Scheduler(JVMS, SPECIFICATIONS, directory)
                .of(new Suite.Outcome(task, named, task.complaints(named))).stream()
                        .map(schedule -> Schedule.parse(schedule.fileName(), schedule.text()))
                        .toList();
    }

    private List<TraceChecker.Explained> explain(String machine, List<RecordedRun> runs) throws Exception {
        return new TraceChecker(JVMS, TraceModule.named(SPECIFICATIONS, machine), 120)
                .explain(runs, directory.resolve("runs"));
    }
}
