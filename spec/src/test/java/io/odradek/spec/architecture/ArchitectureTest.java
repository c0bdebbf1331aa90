package io.odradek.spec.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The house keeps its rules, and each rule finds what was planted for it and nothing else. */
class ArchitectureTest {
    private static final String PLANTED_ROOT = "io.odradek.spec.architecture.planted";
    private static final House HOUSE = new House("io.odradek");
    private static final House PLANTED = new House(PLANTED_ROOT);

    /** What each rule has to find in the planted house, by simple class name. */
    private static final Map<String, Set<String>> PLANTED_VIOLATIONS = Map.ofEntries(
            Map.entry(
                    "replication knows only itself and plain Java",
                    Set.of("KnowsTheCoordinator", "OpensAFile", "OpensASocket", "LogsALine", "LocksSomething")),
            Map.entry("coordinator knows only itself and plain Java", Set.of("KnowsTheEngine", "PrintsALine")),
            Map.entry("pure code reads no clock", Set.of("ReadsTheTime", "AsksForNow", "HoldsAClock")),
            Map.entry("pure code draws no unseeded randomness", Set.of("RollsADie", "MakesAnId")),
            Map.entry("pure code starts and blocks no thread", Set.of("StartsAThread", "LocksSomething")),
            Map.entry("pure code logs and prints nothing", Set.of("LogsALine", "PrintsALine")),
            Map.entry(
                    "engine knows no protocol, no network and nobody above",
                    Set.of("SpeaksKafka", "KnowsTheBroker", "OpensASocketInTheEngine", "HoldsABuffer")),
            Map.entry("the product does not know its tests and benchmarks", Set.of("KnowsTheSpec")),
            Map.entry("Netty only in broker.net", Set.of("HoldsABuffer", "HoldsANetworkBuffer")),
            Map.entry("file channels are used only in engine.io", Set.of("WritesAChannel", "OpensAChannel")),
            Map.entry("the engine touches files only through its store", Set.of("GoesPastTheStore")),
            Map.entry("C is called only in engine.io", Set.of("CallsC")),
            Map.entry("of Kafka only the clients' jar", Set.of("UsesTheServer", "UsesServerMetadata")),
            Map.entry("no package is a drawer", Set.of("Strings")),
            Map.entry("no class is a manager", Set.of("OffsetManager")),
            Map.entry("every package is null-marked", Set.of("Unmarked")));

    private static final Pattern PLANTED_CLASS =
            Pattern.compile(Pattern.quote(PLANTED_ROOT) + "(?:\\.[a-z]+)*\\.([A-Z]\\w*)");

    @TestFactory
    Stream<DynamicTest> theHouseKeepsItsRules() {
        JavaClasses product = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("-tests.jar")) // what modules share for tests
                .importPackages("io.odradek");
        assertThat(product.contain("io.odradek.engine.io.DiskFileStore")).isTrue();
        return HOUSE.rules().entrySet().stream()
                .map(rule -> DynamicTest.dynamicTest(
                        rule.getKey(), () -> rule.getValue().check(product)));
    }

    @TestFactory
    Stream<DynamicTest> eachRuleFindsWhatWasPlantedForIt() {
        JavaClasses planted = new ClassFileImporter().importPackages(PLANTED_ROOT);
        return PLANTED.rules().entrySet().stream()
                .map(rule -> DynamicTest.dynamicTest(
                        rule.getKey(),
                        () -> assertThat(violators(rule.getValue(), planted))
                                .isEqualTo(PLANTED_VIOLATIONS.get(rule.getKey()))));
    }

    @Test
    void everyRuleHasSomethingPlanted() {
        assertThat(PLANTED_VIOLATIONS.keySet()).isEqualTo(PLANTED.rules().keySet());
    }

    /** The first class each line of the report names: the one that breaks the rule. */
    private static Set<String> violators(ArchRule rule, JavaClasses classes) {
        EvaluationResult result = rule.evaluate(classes);
        List<String> lines = result.getFailureReport().getDetails();
        return lines.stream()
                .map(PLANTED_CLASS::matcher)
                .filter(Matcher::find)
                .map(line -> line.group(1))
                .collect(Collectors.toSet());
    }
}
