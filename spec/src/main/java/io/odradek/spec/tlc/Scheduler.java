package io.odradek.spec.tlc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes schedules of what TLC finds. */
final class Scheduler {
    private final TlcJvm jvms;
    private final Path specifications;
    private final Path scratch;

    /** @param scratch where runs are written for TLC */
    Scheduler(TlcJvm jvms, Path specifications, Path scratch) {
        this.jvms = jvms;
        this.specifications = specifications;
        this.scratch = scratch;
    }

    /**
     * Where a property failed, how it did; where nothing fails, a way to every action, and to every state that has to be reached.
     *
     * @throws IllegalArgumentException if there are none of this task; the message says why
     */
    List<Schedule> of(Suite.Outcome outcome) throws IOException, InterruptedException {
        Task task = outcome.task();
        TraceModule module = TraceModule.of(specifications, task.check().module())
                .orElseThrow(() -> new IllegalArgumentException("no module under trace/ says what a step of "
                        + task.check().module() + " is"));
        Counterexample counterexample = outcome.result().counterexample();
        if (counterexample.states() > 0) {
            return List.of(new Schedule(
                    task.name(),
                    module.machine(),
                    new Schedule.Purpose(
                            "violates", String.join(", ", outcome.named().failing())),
                    recorded(module, task, List.of(counterexample)).getFirst(),
                    again(counterexample)));
        }
        List<Cover.Way> ways = Cover.of(jvms, module, task.check());
        List<TraceRecorder.Run> runs =
                recorded(module, task, ways.stream().map(Cover.Way::states).toList());
        List<Schedule> schedules = new ArrayList<>();
        for (int i = 0; i < ways.size(); i++) {
            String goal = ways.get(i).goal();
            schedules.add(new Schedule(
                    task.name(),
                    module.machine(),
                    new Schedule.Purpose(module.actions().contains(goal) ? "takes" : "reaches", goal),
                    runs.get(i),
                    Optional.empty()));
        }
        return schedules;
    }

    private static Optional<Integer> again(Counterexample counterexample) {
        return counterexample.backTo().isPresent()
                ? Optional.of(counterexample.backTo().getAsInt())
                : Optional.empty();
    }

    private List<TraceRecorder.Run> recorded(TraceModule module, Task task, List<Counterexample> runs)
            throws IOException, InterruptedException {
        Files.createDirectories(scratch);
        Path directory = Files.createTempDirectory(scratch, "schedules-");
        try {
            return new TraceRecorder(jvms, module).record(task.check(), runs, directory);
        } finally {
            TlcJvm.remove(directory);
        }
    }
}
