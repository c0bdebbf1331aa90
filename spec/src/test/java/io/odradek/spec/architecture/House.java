package io.odradek.spec.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import java.nio.channels.FileChannel;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;

/**
 * Which part may know which.
 *
 * <pre>
 *   broker ---> coordinator     (nothing)
 *      +------> replication     (nothing)
 *      +------> engine          (Disruptor, JCTools; no protocol, no network)
 *   spec, bench ---> anything
 * </pre>
 *
 * @param root the package the parts lie in: {@code io.odradek}, or a copy of the house with violations in it
 */
record House(String root) {

    /** Each rule by a name that says what it keeps. */
    Map<String, ArchRule> rules() {
        Map<String, ArchRule> rules = new TreeMap<>();
        rules.put("replication knows only itself and plain Java", knowsOnlyItself("replication"));
        rules.put("coordinator knows only itself and plain Java", knowsOnlyItself("coordinator"));
        rules.put("pure code reads no clock", pureCodeReadsNoClock());
        rules.put("pure code draws no unseeded randomness", pureCodeDrawsNoUnseededRandomness());
        rules.put("pure code starts and blocks no thread", pureCodeStartsAndBlocksNoThread());
        rules.put("pure code logs and prints nothing", pureCodeLogsAndPrintsNothing());
        rules.put("engine knows no protocol, no network and nobody above", engineKnowsNobodyAbove());
        rules.put("the product does not know its tests and benchmarks", productDoesNotKnowItsTests());
        rules.put("Netty only in broker.net", nettyOnlyInBrokerNet());
        rules.put("file channels are used only in engine.io", fileChannelsOnlyInEngineIo());
        rules.put("the engine touches files only through its store", engineTouchesFilesOnlyThroughItsStore());
        rules.put("C is called only in engine.io", nativeCallsOnlyInEngineIo());
        rules.put("of Kafka only the clients' jar", ofKafkaOnlyTheClients());
        rules.put("no package is a drawer", noPackageIsADrawer());
        rules.put("no class is a manager", noClassIsAManager());
        rules.put("every package is null-marked", everyPackageIsNullMarked());
        return rules;
    }

    private String part(String name) {
        return root + "." + name + "..";
    }

    private GivenClassesConjunction noProductClasses() {
        return noClasses()
                .that(resideInAPackage(root + ".."))
                .and(resideOutsideOfPackages(part("spec"), part("bench")));
    }

    private GivenClassesConjunction noPureClasses() {
        return noClasses().that(resideInAnyPackage(part("replication"), part("coordinator")));
    }

    /** Plain: no files, channels, sockets, threads, loggers. java.nio is its buffers; java.time its durations. */
    private ArchRule knowsOnlyItself(String pure) {
        return classes()
                .that()
                .resideInAPackage(part(pure))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        part(pure),
                        "", // primitives
                        "java.lang",
                        "java.lang.annotation",
                        "java.lang.invoke",
                        "java.lang.runtime",
                        "java.math",
                        "java.nio",
                        "java.nio.charset",
                        "java.time",
                        "java.util",
                        "java.util.function",
                        "java.util.stream",
                        "org.jspecify.annotations"))
                .allowEmptyShould(true);
    }

    private ArchRule pureCodeReadsNoClock() {
        return noPureClasses()
                .should()
                .callMethodWhere(calls(assignableTo(System.class), "currentTimeMillis|nanoTime")
                        .or(calls(resideInAPackage("java.time.."), "now")))
                .orShould()
                .dependOnClassesThat(assignableTo(java.time.InstantSource.class)
                        .or(assignableTo(java.util.Timer.class))
                        .or(assignableTo(java.util.Date.class))
                        .or(assignableTo(java.util.Calendar.class)))
                .because("time is an event")
                .allowEmptyShould(true);
    }

    private ArchRule pureCodeDrawsNoUnseededRandomness() {
        return noPureClasses()
                .should()
                .callConstructor(java.util.Random.class)
                .orShould()
                .callConstructor(java.util.SplittableRandom.class)
                .orShould()
                .callMethodWhere(calls(assignableTo(Math.class).or(assignableTo(StrictMath.class)), "random")
                        .or(calls(assignableTo(java.util.UUID.class), "randomUUID"))
                        .or(calls(assignableTo(System.class), "identityHashCode")))
                .orShould()
                .callMethod(java.util.Collections.class, "shuffle", java.util.List.class)
                .because("the same events have to give the same effects, always")
                .allowEmptyShould(true);
    }

    private ArchRule pureCodeStartsAndBlocksNoThread() {
        return noPureClasses()
                .should()
                .dependOnClassesThat(assignableTo(Thread.class)
                        .or(assignableTo(ThreadLocal.class))
                        .or(resideInAPackage("java.util.concurrent..")))
                .orShould()
                .callMethodWhere(calls(assignableTo(Object.class), "wait|notify|notifyAll"))
                .allowEmptyShould(true);
    }

    private ArchRule pureCodeLogsAndPrintsNothing() {
        return noPureClasses()
                .should()
                .dependOnClassesThat(assignableTo(System.Logger.class)
                        .or(resideInAnyPackage("org.slf4j..", "java.util.logging.."))
                        .or(assignableTo(java.io.PrintStream.class)))
                .allowEmptyShould(true);
    }

    private ArchRule engineKnowsNobodyAbove() {
        return noClasses()
                .that()
                .resideInAPackage(part("engine"))
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "org.apache.kafka..",
                        "kafka..",
                        "io.netty..",
                        "java.net..",
                        part("broker"),
                        part("replication"),
                        part("coordinator")))
                .allowEmptyShould(true);
    }

    private ArchRule productDoesNotKnowItsTests() {
        return noProductClasses()
                .should()
                .dependOnClassesThat(resideInAnyPackage(part("spec"), part("bench")))
                .allowEmptyShould(true);
    }

    private ArchRule nettyOnlyInBrokerNet() {
        return noProductClasses()
                .and(resideOutsideOfPackages(part("broker.net")))
                .should()
                .dependOnClassesThat(resideInAPackage("io.netty.."))
                .allowEmptyShould(true);
    }

    /** Passing one on, as to a file region, is no use of it. */
    private ArchRule fileChannelsOnlyInEngineIo() {
        return noProductClasses()
                .and(resideOutsideOfPackages(part("engine.io")))
                .should()
                .callMethodWhere(calls(assignableTo(FileChannel.class), ".*"))
                .orShould()
                .dependOnClassesThat(assignableTo(java.io.RandomAccessFile.class))
                .allowEmptyShould(true);
    }

    /** What goes past the store is not simulated, so no test would lose it. */
    private ArchRule engineTouchesFilesOnlyThroughItsStore() {
        return noClasses()
                .that(resideInAPackage(part("engine")))
                .and(resideOutsideOfPackages(part("engine.io")))
                .should()
                .dependOnClassesThat(assignableTo(java.nio.file.Files.class)
                        .or(assignableTo(java.io.File.class))
                        .or(assignableTo(java.io.FileInputStream.class))
                        .or(assignableTo(java.io.FileOutputStream.class))
                        .or(assignableTo(java.io.FileReader.class))
                        .or(assignableTo(java.io.FileWriter.class)))
                .allowEmptyShould(true);
    }

    private ArchRule nativeCallsOnlyInEngineIo() {
        return noProductClasses()
                .and(resideOutsideOfPackages(part("engine.io")))
                .should()
                .dependOnClassesThat(assignableTo(java.lang.foreign.Linker.class)
                        .or(assignableTo(java.lang.foreign.SymbolLookup.class)))
                .orShould()
                .callMethodWhere(calls(assignableTo(System.class).or(assignableTo(Runtime.class)), "load|loadLibrary"))
                .allowEmptyShould(true);
    }

    /** The server's jars are the oracle of the tests, and must not become the implementation. */
    private ArchRule ofKafkaOnlyTheClients() {
        DescribedPredicate<JavaClass> ofKafka = resideInAnyPackage("org.apache.kafka..", "kafka..");
        DescribedPredicate<JavaClass> inTheClientsJar = resideInAnyPackage(
                        "org.apache.kafka.common..",
                        "org.apache.kafka.clients..",
                        "org.apache.kafka.server.authorizer..",
                        "org.apache.kafka.server.policy..",
                        "org.apache.kafka.server.quota..",
                        "org.apache.kafka.server.telemetry..")
                .and(resideOutsideOfPackages("org.apache.kafka.common.metadata..")); // kafka-metadata's
        return noProductClasses()
                .should()
                .dependOnClassesThat(ofKafka.and(DescribedPredicate.not(inTheClientsJar)))
                .allowEmptyShould(true);
    }

    private ArchRule noPackageIsADrawer() {
        return noClasses()
                .that(alwaysTrue())
                .should()
                .resideInAnyPackage(
                        root + "..util..",
                        root + "..utils..",
                        root + "..common..",
                        root + "..helpers..",
                        root + "..misc..")
                .because("if two packages need the same lines, they belong to one of them or to an idea with a name")
                .allowEmptyShould(true);
    }

    private ArchRule noClassIsAManager() {
        return noClasses()
                .that(resideInAPackage(root + ".."))
                .should()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .because("it says only that the author had not decided")
                .allowEmptyShould(true);
    }

    private ArchRule everyPackageIsNullMarked() {
        return classes()
                .that(resideInAPackage(root + ".."))
                .should(new ArchCondition<>("reside in a package that is @NullMarked") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                        events.add(new SimpleConditionEvent(
                                type, marked, type.getFullName() + " lies in a package that is not @NullMarked"));
                    }
                })
                .allowEmptyShould(true);
    }

    /** A call of a method whose name matches, on a class of a kind. */
    private static DescribedPredicate<JavaCall<?>> calls(DescribedPredicate<JavaClass> owner, String names) {
        return DescribedPredicate.describe(
                names + " of " + owner.getDescription(),
                call -> owner.test(call.getTargetOwner()) && call.getName().matches(names));
    }
}
