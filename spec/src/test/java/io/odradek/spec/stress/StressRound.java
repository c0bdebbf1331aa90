package io.odradek.spec.stress;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.ForkedTestConfig;
import org.openjdk.jcstress.infra.runners.Runner;
import org.openjdk.jcstress.infra.runners.SpinLoopStyle;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * One round of stress tests, in this JVM: what jcstress does in one of its forks, for one test after the other. Its own main
 * program forks a JVM for each test and each way to compile it, and takes half a minute before the first.
 *
 * <p>Arguments: a pattern of test names, ms per iteration, iterations. Exits with 0 when each test that fits ran, and nothing came
 * out that may not.
 */
final class StressRound {
    /** Within a stride the quicker actor runs ahead, and from then on they no longer meet. */
    private static final int STRIDE = 8;

    private static final int STRIDES = 100;
    private static final int FOOTPRINT_MB = 32;

    private StressRound() {}

    public static void main(String[] arguments) throws Exception {
        Pattern wanted = Pattern.compile(arguments[0]);
        int iterationMs = Integer.parseInt(arguments[1]);
        int iterations = Integer.parseInt(arguments[2]);
        boolean right = true;
        int ran = 0;
        for (String test : new TreeSet<>(TestList.tests())) {
            if (wanted.matcher(test).find()) {
                right &= isRight(TestList.getInfo(test), iterationMs, iterations);
                ran++;
            }
        }
        System.out.println(ran + " stress tests");
        System.exit(right && ran > 0 ? 0 : 1);
    }

    private static boolean isRight(TestInfo test, int iterationMs, int iterations) throws Exception {
        Runner<?> runner = Class.forName(test.generatedRunner())
                .asSubclass(Runner.class)
                .getConstructor(ForkedTestConfig.class)
                .newInstance(config(test, iterationMs, iterations));
        TestResult result = runner.run();
        boolean right = result.status() == Status.NORMAL;
        StringBuilder outcomes = new StringBuilder();
        for (String outcome : new TreeSet<>(result.getStateKeys())) {
            boolean allowed = expected(test, outcome) != Expect.FORBIDDEN;
            right &= allowed;
            outcomes.append(allowed ? "  " : "  FORBIDDEN ")
                    .append('[')
                    .append(outcome)
                    .append("] ")
                    .append(result.getCount(outcome));
        }
        System.out.println((right ? "right  " : "WRONG  ") + test.name() + outcomes);
        if (result.status() != Status.NORMAL) {
            System.out.println(result.status() + ": " + String.join(System.lineSeparator(), result.getMessages()));
        }
        return right;
    }

    private static Expect expected(TestInfo test, String outcome) {
        return test.cases().stream()
                .filter(known -> known.matches(outcome))
                .map(StateCase::expect)
                .findFirst()
                .orElse(test.unmatched().expect());
    }

    /** As jcstress sends it to a fork: the class has no other way in without an option parser. */
    private static ForkedTestConfig config(TestInfo test, int iterationMs, int iterations) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(bytes);
        fields.writeInt(List.of(SpinLoopStyle.values()).indexOf(SpinLoopStyle.THREAD_SPIN_WAIT));
        fields.writeInt(iterationMs);
        fields.writeInt(iterations);
        fields.writeUTF(test.generatedRunner());
        fields.writeInt(FOOTPRINT_MB);
        fields.writeInt(STRIDE);
        fields.writeInt(STRIDES);
        fields.writeBoolean(false); // threads are not bound to processors
        return new ForkedTestConfig(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    }
}
