package io.odradek.spec.tlc;

import static io.odradek.spec.tlc.CanonicalText.record;
import static io.odradek.spec.tlc.CanonicalText.sequence;
import static io.odradek.spec.tlc.CanonicalText.set;
import static io.odradek.spec.tlc.CanonicalText.string;
import static io.odradek.spec.tlc.InTla.number;
import static io.odradek.spec.tlc.InTla.numbers;

import io.odradek.spec.protocol.StateGraph;
import io.odradek.spec.protocol.Truncation;
import io.odradek.spec.protocol.TruncationState;
import io.odradek.spec.protocol.TruncationState.EpochEnd;
import io.odradek.spec.protocol.TruncationState.Exchange;
import java.util.List;
import java.util.Map;

/** How the constants and variables of {@code tla/core/Truncation} are written in TLA+. */
final class TruncationInTla implements InTla<TruncationState> {
    private final Truncation model;

    TruncationInTla(Check check) {
        Constants constants = new Constants(check);
        model = new Truncation(
                constants.number("MaxEpoch"), constants.number("MaxLength"), constants.number("FetchSize"));
        constants.expectAllRead();
    }

    @Override
    public Truncation model() {
        return model;
    }

    @Override
    public Variables<TruncationState> variables() {
        return new Variables<TruncationState>()
                .with(
                        "log",
                        s -> List.of(s.leaderLog(), s.followerLog()),
                        logs -> record("leader", log(logs.getFirst()), "follower", log(logs.getLast())))
                .with("highWatermark", TruncationState::highWatermark, InTla::number)
                .with("exchange", TruncationState::exchange, TruncationInTla::exchange)
                .with("agreed", TruncationState::agreed, TruncationInTla::log)
                .with("committed", TruncationState::committed, InTla::number)
                .with(
                        "cuts",
                        s -> Map.entry(s.cuts(), s.firstEpochs()),
                        cuts -> record("made", number(cuts.getKey()), "epochs", set(numbers(cuts.getValue()))));
    }

    private static String log(List<Integer> epochs) {
        return sequence(numbers(epochs));
    }

    private static String exchange(Exchange exchange) {
        return switch (exchange) {
            case Exchange.Nothing() -> record("type", string("nothing"));
            case Exchange.News() -> record("type", string("new leader"));
            case Exchange.Request(int offset, int epoch) ->
                record("type", string("request"), "fetchOffset", number(offset), "lastFetchedEpoch", number(epoch));
            case Exchange.Records(int base, List<Integer> records) ->
                record("type", string("records"), "baseOffset", number(base), "records", log(records));
            case Exchange.Diverging(EpochEnd(int epoch, int end)) ->
                record("type", string("diverging"), "epoch", number(epoch), "endOffset", number(end));
        };
    }

    @Override
    public String parameter(Object parameter) {
        throw new IllegalArgumentException("no action has one: " + parameter);
    }

    @Override
    public StateGraph.Reduction<TruncationState> reduction() {
        return StateGraph.Reduction.none();
    }
}
