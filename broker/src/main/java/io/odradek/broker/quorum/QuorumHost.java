package io.odradek.broker.quorum;

import io.odradek.engine.io.StoreFile;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.segment.CorruptLogException;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.HardState;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.QuorumAnswer;
import io.odradek.replication.quorum.QuorumEffect;
import io.odradek.replication.quorum.QuorumEffect.Append;
import io.odradek.replication.quorum.QuorumEffect.ChangeOutcome;
import io.odradek.replication.quorum.QuorumEffect.Commit;
import io.odradek.replication.quorum.QuorumEffect.Complain;
import io.odradek.replication.quorum.QuorumEffect.FetchSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Follow;
import io.odradek.replication.quorum.QuorumEffect.InstallSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Lead;
import io.odradek.replication.quorum.QuorumEffect.Persist;
import io.odradek.replication.quorum.QuorumEffect.Reply;
import io.odradek.replication.quorum.QuorumEffect.ReplyEntries;
import io.odradek.replication.quorum.QuorumEffect.ReplyToChange;
import io.odradek.replication.quorum.QuorumEffect.Send;
import io.odradek.replication.quorum.QuorumEffect.StopFetchingSnapshot;
import io.odradek.replication.quorum.QuorumEffect.Truncate;
import io.odradek.replication.quorum.QuorumEvent;
import io.odradek.replication.quorum.QuorumEvent.AddVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.Answered;
import io.odradek.replication.quorum.QuorumEvent.AppendRequested;
import io.odradek.replication.quorum.QuorumEvent.Asked;
import io.odradek.replication.quorum.QuorumEvent.Failed;
import io.odradek.replication.quorum.QuorumEvent.RemoveVoterRequested;
import io.odradek.replication.quorum.QuorumEvent.ShutDown;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFailed;
import io.odradek.replication.quorum.QuorumEvent.SnapshotFetched;
import io.odradek.replication.quorum.QuorumEvent.SnapshotRead;
import io.odradek.replication.quorum.QuorumEvent.SnapshotTaken;
import io.odradek.replication.quorum.QuorumEvent.Synced;
import io.odradek.replication.quorum.QuorumEvent.TimePassed;
import io.odradek.replication.quorum.QuorumEvent.UpdateVoterRequested;
import io.odradek.replication.quorum.QuorumMachine;
import io.odradek.replication.quorum.QuorumRequest;
import io.odradek.replication.quorum.QuorumRequest.BeginEpoch;
import io.odradek.replication.quorum.QuorumSettings;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.common.message.AddRaftVoterRequestData;
import org.apache.kafka.common.message.BeginQuorumEpochRequestData;
import org.apache.kafka.common.message.DescribeQuorumRequestData;
import org.apache.kafka.common.message.EndQuorumEpochRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchSnapshotRequestData;
import org.apache.kafka.common.message.RemoveRaftVoterRequestData;
import org.apache.kafka.common.message.UpdateRaftVoterRequestData;
import org.apache.kafka.common.message.VoteRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/**
 * One server of the metadata quorum: takes what happens from its inbox, has {@link QuorumMachine} decide, and carries the effects out in
 * their order.
 *
 * <pre>
 *   receive, append, ... ──▶ inbox ──▶ turn ──▶ machine.step ──▶ disk, peers, state
 *                                       ▲  what was appended in a turn is synced once, at its end
 *             answers of peers ─────────┘
 * </pre>
 *
 * <p>Methods that are for any thread say so; the rest, and all that is called from here, is the loop's: whoever calls {@link #turn}. That
 * is one thread, or a simulator.
 *
 * <p>When the disk or an invariant fails, {@link #turn} throws, and the host is over: what waits is told so by {@link #end}, and nothing is
 * answered any more. A quorum does without such a server, and not with one that is in doubt.
 */
public final class QuorumHost implements QuorumLog {

    /** Inputs that wait; whoever comes then is turned away, and asks again. */
    static final int MOST_INPUTS = 10_000;

    /** How many inputs share a turn, and its sync, at most: the time of the machine goes on meanwhile. */
    private static final int MOST_TAKEN = 1_000;

    /**
     * What does not change while a server runs.
     *
     * @param listener name of the listener at which servers of the quorum reach each other
     * @param at where this one is reached; null when nobody is to know
     * @param contacts servers to ask who leads besides the voters; negative where only an address is known
     * @param requestTimeoutMs for a request to another server, in ms; longer than a fetch waits
     */
    public record Options(
            String clusterId,
            String listener,
            @Nullable Endpoint at,
            List<Integer> contacts,
            QuorumSettings settings,
            int requestTimeoutMs) {
        public Options {
            contacts = List.copyOf(contacts);
            if (requestTimeoutMs <= settings.fetchMaxWaitMs()) {
                throw new IllegalArgumentException("a request may take " + requestTimeoutMs + " ms, but a fetch waits "
                        + settings.fetchMaxWaitMs());
            }
        }
    }

    private sealed interface Input {
        record Received(ApiMessage request, short version, Consumer<ApiMessage> reply) implements Input {}

        record PeerAnswered(long requestId, ApiMessage response, short version) implements Input {}

        record PeerFailed(long requestId) implements Input {}

        record PieceAnswered(SnapshotDownload of, ApiMessage response) implements Input {}

        record PieceFailed(SnapshotDownload of) implements Input {}

        record Wanted(Data data, int epoch) implements Input {}

        record Woken() implements Input {}

        record SnapshotWanted() implements Input {}

        record HandOver() implements Input {}

        record Close() implements Input {}
    }

    /** Records of the controller, on their way. */
    private record Data(List<byte[]> values, Appended outcome) implements QuorumStorage.DataPayload {}

    private record InLog(long baseOffset, long endOffset, Appended outcome) {}

    /** A request of another server that the machine has not answered. */
    private record Unanswered(ApiKeys api, short version, Consumer<ApiMessage> reply) {}

    private final QuorumWire wire;
    private final Options options;
    private final QuorumStorage storage;
    private final Peers peers;
    private final ReplicatedState state;
    private final LongSupplier monotonicMs;
    private final InstantSource wallClock;
    private final Consumer<String> complaints;
    private final LinkedBlockingDeque<Input> inbox = new LinkedBlockingDeque<>();
    /** How many inputs wait that others than the host have asked for; the rest is bounded by what it asks. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final AtomicBoolean woken = new AtomicBoolean();

    private volatile boolean ended;
    /** As of the last turn. */
    private volatile VoterSet voters;

    private volatile VoterSet known;

    // The loop's.
    /** Of the state's, from this turn. */
    private final ArrayDeque<Input.Wanted> decided = new ArrayDeque<>();

    private final QuorumMachine machine;
    private final Map<Long, Question> asked = new HashMap<>();
    private final Map<Long, Unanswered> unanswered = new HashMap<>();
    private final ArrayDeque<InLog> inLog = new ArrayDeque<>();
    /** Of a leader that no record of the voters says it of; of the last one only. */
    private @Nullable Endpoint heardAt;

    private int heardOf = HardState.NOBODY;
    /** By server, as {@link #peers} knows it. */
    private final Map<Integer, Endpoint> toldWhere = new HashMap<>();

    private @Nullable SnapshotDownload download;
    private boolean snapshotIsWanted;
    private boolean handingOver;
    private boolean closed;
    private boolean toldUpToDate;
    private long nextRequestId;
    /** Exclusive; what {@link #state} has. */
    private OffsetAndEpoch folded;

    private long foldedTimestampMs;
    /** Exclusive; when all below is folded, this server's reign may begin. -1 when it does not lead, or does by now. */
    private long leadsFrom = -1;

    /**
     * A server that starts; the first {@link #turn} has it act.
     *
     * @param monotonicMs a clock that does not go back, in ms
     * @param wallClock for timestamps alone
     * @param seed of the lot that spreads elections in time; another one for each start of each server
     * @param complaints one line for whoever looks after the server; may repeat itself
     * @throws IOException what the disk holds contradicts itself
     */
    public QuorumHost(
            Options options,
            QuorumStorage storage,
            Peers peers,
            ReplicatedState state,
            LongSupplier monotonicMs,
            InstantSource wallClock,
            long seed,
            Consumer<String> complaints)
            throws IOException {
        this.options = options;
        this.wire = new QuorumWire(options.clusterId(), options.listener());
        this.storage = storage;
        this.peers = peers;
        this.state = state;
        this.monotonicMs = monotonicMs;
        this.wallClock = wallClock;
        this.complaints = complaints;
        VoterSet voters = storage.outline().voters();
        if (voters.voters().stream().anyMatch(voter -> voter.key().directory().equals(ReplicaKey.ANY_DIRECTORY))) {
            throw new IOException(
                    "the voters are " + voters + ": each has to be named with its directory's id, or one that"
                            + " comes back with an empty disk votes again where it has voted before");
        }
        this.voters = voters;
        this.known = voters;
        this.folded = OffsetAndEpoch.NOTHING;
        this.foldedTimestampMs = 0;
        OffsetAndEpoch snapshot = storage.newestSnapshot();
        if (snapshot != null && snapshot.offset() > 0) {
            restore(snapshot);
        }
        try {
            this.machine = new QuorumMachine(
                    storage.self(),
                    storage.hardState(),
                    storage.outline(),
                    options.settings(),
                    options.contacts(),
                    seed,
                    monotonicMs.getAsLong());
        } catch (IllegalArgumentException e) {
            throw new IOException(storage.stateFile() + ": " + e.getMessage(), e);
        }
        // The machine goes on with the leader that it knew, and has nothing to say about that.
        HardState known = storage.hardState();
        state.follows(known.epoch(), known.leader() == storage.self().id() ? HardState.NOBODY : known.leader());
    }

    // ---- Any thread.

    /**
     * A request of another server or of a tool: Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot, DescribeQuorum, AddRaftVoter,
     * RemoveRaftVoter or UpdateRaftVoter.
     *
     * @param reply called once, by the loop, unless the host ends before
     * @return false when too much waits: it is not answered
     */
    public boolean receive(ApiMessage request, short version, Consumer<ApiMessage> reply) {
        return offer(new Input.Received(request, version, reply));
    }

    /**
     * Records for the log, as one batch.
     *
     * @param epoch in which this server leads, as it was told by {@link ReplicatedState#leads}
     * @throws IllegalArgumentException there are none, or more than {@link #MOST_BATCH_BYTES}
     */
    public void append(int epoch, List<byte[]> values, Appended outcome) {
        if (!offer(wanted(epoch, values, outcome))) {
            outcome.failed(false);
        }
    }

    private static Input.Wanted wanted(int epoch, List<byte[]> values, Appended outcome) {
        long bytes = 0;
        for (byte[] value : values) {
            bytes += value.length;
        }
        if (values.isEmpty() || bytes > MOST_BATCH_BYTES) {
            throw new IllegalArgumentException(values.size() + " records of " + bytes
                    + " bytes: a batch has one at least, and " + MOST_BATCH_BYTES + " bytes at most");
        }
        return new Input.Wanted(new Data(List.copyOf(values), outcome), epoch);
    }

    private boolean offer(Input input) {
        if (ended) {
            return false;
        }
        if (waiting.incrementAndGet() > MOST_INPUTS) {
            waiting.decrementAndGet();
            return false;
        }
        inbox.add(input);
        if (ended) {
            refuseInbox(); // the loop went between the first look and now
        }
        return true;
    }

    /** Who votes by this server's log, committed or not, and where they are reached. Any thread. */
    public VoterSet voters() {
        return voters;
    }

    /**
     * Whom to ask about the quorum: who votes. The first voters are written down with their own disks only, so an observer may not have been told
     * of any; then it names the leader that it follows, alone and without its directory. Nobody before it has found one. Any thread.
     */
    public VoterSet known() {
        return known;
    }

    @Override
    public void wake() {
        if (woken.compareAndSet(false, true)) {
            inbox.add(new Input.Woken());
        }
    }

    @Override
    public void wantSnapshot() {
        inbox.add(new Input.SnapshotWanted());
    }

    /** A leader hands over, and takes no more records; {@link #close} is to follow, for nothing keeps it from being elected again. */
    public void handOver() {
        inbox.add(new Input.HandOver());
    }

    /** Ends {@link #run}. Nobody is told: to the others it is as if the process had died, which they have to bear anyway. */
    public void close() {
        inbox.add(new Input.Close());
    }

    // ---- The loop.

    /**
     * Takes turns until {@link #close}; the caller's thread is the metadata loop. Afterwards nothing is answered any more.
     *
     * @throws IOException as {@link #turn}
     */
    public void run() throws IOException, InterruptedException {
        Throwable cause = null;
        try {
            for (long next = turn(); !closed; next = turn()) {
                awaitInput(next);
            }
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            cause = e;
            throw e;
        } finally {
            end(cause);
        }
    }

    /** Waits until something has come, or until a time of the monotonic clock. */
    private void awaitInput(long untilMs) throws InterruptedException {
        long waitMs = untilMs - monotonicMs.getAsLong();
        Input first = waitMs <= 0 ? null : inbox.poll(waitMs, TimeUnit.MILLISECONDS);
        if (first != null) {
            inbox.addFirst(first); // nobody else takes any
        }
    }

    /**
     * Takes what has come, carries out what follows from it, and syncs once for all of it.
     *
     * @return when to be called next at the latest, by the monotonic clock
     * @throws IOException the disk is not what it was thought to be: {@link #end} has to follow, as after every other exception
     */
    public long turn() throws IOException {
        step(new TimePassed());
        Input input = inbox.poll();
        for (int taken = 1; input != null; taken++) {
            take(input);
            appendDecided(); // the next input may have the quorum append something of its own
            input = taken < MOST_TAKEN ? inbox.poll() : null;
        }
        long stateWantsMs = state.turn(monotonicMs.getAsLong());
        appendDecided();
        while (machine.log().durableEnd() < machine.log().end()) { // what was committed by it may have more appended
            long end = machine.log().end();
            long cuts = machine.log().cuts();
            storage.sync();
            step(new Synced(end, cuts));
            appendDecided();
        }
        publishVoters();
        if (snapshotIsWanted) {
            snapshotIsWanted = false;
            takeSnapshot();
        }
        return inbox.isEmpty() ? Math.min(machine.deadlineMs(), stateWantsMs) : monotonicMs.getAsLong();
    }

    @Override
    public void appendInTurn(int epoch, List<byte[]> values, Appended outcome) {
        decided.add(wanted(epoch, values, outcome));
    }

    private void appendDecided() throws IOException {
        for (Input.Wanted next = decided.poll(); next != null; next = decided.poll()) {
            append(next);
        }
    }

    private void append(Input.Wanted wanted) throws IOException {
        Data data = wanted.data();
        if (!handingOver && machine.leads() && machine.hardState().epoch() == wanted.epoch()) {
            step(new AppendRequested(wanted.epoch(), data.values().size(), data));
        } else {
            data.outcome().failed(false);
        }
    }

    /** The machine, for whoever looks at it between two turns. */
    QuorumMachine machine() {
        return machine;
    }

    /** Nothing is done any more; whoever waits for records to be committed is told that nobody knows. */
    public void end() {
        end(null);
    }

    private void end(@Nullable Throwable cause) {
        ended = true;
        inLog.forEach(appended -> appended.outcome().failed(true));
        inLog.clear();
        decided.forEach(wanted -> wanted.data().outcome().failed(false));
        decided.clear();
        refuseInbox();
        state.ended(cause);
        SnapshotDownload running = download;
        if (running != null) {
            running.abandon();
        }
    }

    /** Any thread, once the loop has ended. */
    private void refuseInbox() {
        for (Input input = inbox.poll(); input != null; input = inbox.poll()) {
            if (input instanceof Input.Wanted wanted) {
                wanted.data().outcome().failed(false);
            }
        }
    }

    private void take(Input input) throws IOException {
        if (input instanceof Input.Received || input instanceof Input.Wanted) {
            waiting.decrementAndGet();
        }
        switch (input) {
            case Input.Received(ApiMessage request, short version, Consumer<ApiMessage> reply) ->
                received(request, version, reply);
            case Input.PeerAnswered(long requestId, ApiMessage response, short version) ->
                peerAnswered(requestId, response, version);
            case Input.PeerFailed(long requestId) -> {
                asked.remove(requestId);
                step(new Failed(requestId));
            }
            case Input.PieceAnswered(SnapshotDownload of, ApiMessage response) -> {
                if (of == download) {
                    pieceAnswered(of, response);
                }
            }
            case Input.PieceFailed(SnapshotDownload of) -> {
                if (of == download) {
                    downloadFailed(of);
                }
            }
            case Input.Wanted wanted -> append(wanted);
            case Input.Woken() -> woken.set(false); // before the state looks for what has come
            case Input.SnapshotWanted() -> snapshotIsWanted = true;
            case Input.HandOver() -> {
                handingOver = true;
                step(new ShutDown());
            }
            case Input.Close() -> closed = true;
        }
    }

    private void step(QuorumEvent event) throws IOException {
        carryOut(machine.step(monotonicMs.getAsLong(), event));
    }

    private void carryOut(List<QuorumEffect> effects) throws IOException {
        for (QuorumEffect effect : effects) {
            switch (effect) {
                case Persist(HardState hardState, List<QuorumEffect> onceDurable) -> {
                    storage.write(hardState);
                    carryOut(onceDurable);
                }
                case Send(long requestId, int to, QuorumRequest request) -> send(requestId, to, request);
                case Reply(long requestId, QuorumAnswer answer) -> reply(requestId, answer);
                case ReplyEntries entries -> replyEntries(entries);
                case Append(EntryBatch batch) -> {
                    if (batch.payload() instanceof Data(List<byte[]> _, Appended outcome)) {
                        // First, for when the write fails it may be there all the same.
                        inLog.add(new InLog(batch.baseOffset(), batch.endOffset(), outcome));
                    }
                    storage.append(batch);
                    if (!(batch.payload() instanceof Data)) {
                        state.othersAppended(batch.endOffset() - 1);
                    }
                }
                case Truncate(long to) -> storage.truncate(to);
                case FetchSnapshot(int from, int epoch, OffsetAndEpoch snapshot) ->
                    beginDownload(from, epoch, snapshot);
                case InstallSnapshot(OffsetAndEpoch snapshot) -> {
                    storage.install(snapshot);
                    restore(snapshot);
                }
                case StopFetchingSnapshot(OffsetAndEpoch _) -> endDownload();
                case Commit(long highWatermark) -> fold(highWatermark);
                case Lead(int _, long from) -> leadsFrom = from;
                case Follow(int epoch, int leader) -> {
                    leadsFrom = -1;
                    state.follows(epoch, leader);
                    inLog.forEach(appended -> appended.outcome().failed(true));
                    inLog.clear();
                }
                case ReplyToChange(long requestId, ChangeOutcome outcome, String message) ->
                    replyToChange(requestId, outcome, message);
                case Complain(String line) -> complaints.accept(line);
            }
        }
    }

    // ---- Asking.

    private void send(long requestId, int to, QuorumRequest request) {
        Question question = new Question(wire, request, options.at());
        asked.put(requestId, question);
        tellWhere(to);
        peers.ask(to, question, options.requestTimeoutMs(), new Peers.Outcome() {
            @Override
            public void answered(ApiMessage response, short version) {
                inbox.add(new Input.PeerAnswered(requestId, response, version));
            }

            @Override
            public void failed(String why) {
                inbox.add(new Input.PeerFailed(requestId));
            }
        });
    }

    private void peerAnswered(long requestId, ApiMessage response, short version) throws IOException {
        Question question = asked.remove(requestId);
        if (question == null) {
            return;
        }
        switch (question.heard(response, version)) {
            case Heard.Answer(QuorumAnswer answer, Endpoint leaderAt) -> {
                learn(answer.leader(), leaderAt);
                step(new Answered(requestId, answer));
                if (answer instanceof QuorumAnswer.Entries entries && folded.offset() >= entries.highWatermark()) {
                    tellUpToDate(entries.epoch());
                }
            }
            case Heard.Nonsense(String why) -> {
                complaints.accept(
                        "another server has answered to " + question.request() + " what makes no sense: " + why);
                step(new Failed(requestId));
            }
        }
    }

    private void publishVoters() {
        VoterSet now = machine.log().voters();
        voters = now;
        int leader = machine.hardState().leader();
        Endpoint at = now.byId().isEmpty() && leader >= 0 ? endpointOf(leader) : null;
        known = at == null
                ? now
                : VoterSet.of(List.of(new Voter(new ReplicaKey(leader, ReplicaKey.ANY_DIRECTORY), List.of(at))));
    }

    private void learn(int server, @Nullable Endpoint at) {
        if (at != null && server >= 0 && server != storage.self().id()) {
            heardOf = server;
            heardAt = at;
            tellWhere(server);
        }
    }

    /** Where the record of the voters says, else where it was heard to be. */
    private void tellWhere(int server) {
        Endpoint at = server < 0 ? null : endpointOf(server);
        if (at != null && !at.equals(toldWhere.put(server, at))) {
            peers.reachedAt(server, at);
        }
    }

    // ---- Answering.

    private void received(ApiMessage request, short version, Consumer<ApiMessage> reply) throws IOException {
        switch (request) {
            case VoteRequestData data ->
                asked(VoteMessages.read(wire, storage.self(), data, standing(), version), ApiKeys.VOTE, version, reply);
            case BeginQuorumEpochRequestData data -> {
                Received<BeginEpoch> begin = BeginEpochMessages.read(wire, storage.self(), data);
                if (begin instanceof Received.Request<BeginEpoch>(BeginEpoch said, Endpoint at)) {
                    learn(said.leader(), at);
                }
                asked(begin, ApiKeys.BEGIN_QUORUM_EPOCH, version, reply);
            }
            case EndQuorumEpochRequestData data ->
                asked(EndEpochMessages.read(wire, data, version), ApiKeys.END_QUORUM_EPOCH, version, reply);
            case FetchRequestData data ->
                asked(FetchMessages.read(wire, data, standing(), version), ApiKeys.FETCH, version, reply);
            case FetchSnapshotRequestData data -> reply.accept(pieceFor(data, version));
            case DescribeQuorumRequestData data -> reply.accept(description(data, version));
            case AddRaftVoterRequestData data -> {
                switch (VoterMessages.read(
                        wire, data, whyNotLeading(machine.hardState().epoch()))) {
                    case Received.Request<VoterMessages.Add>(VoterMessages.Add add, Endpoint _) ->
                        step(new AddVoterRequested(
                                arrived(ApiKeys.ADD_RAFT_VOTER, version, reply), add.voter(), add.timeoutMs()));
                    case Received.Refused<VoterMessages.Add>(ApiMessage answer) -> reply.accept(answer);
                }
            }
            case RemoveRaftVoterRequestData data -> {
                switch (VoterMessages.read(
                        wire, data, whyNotLeading(machine.hardState().epoch()))) {
                    case Received.Request<ReplicaKey>(ReplicaKey voter, Endpoint _) ->
                        step(new RemoveVoterRequested(arrived(ApiKeys.REMOVE_RAFT_VOTER, version, reply), voter));
                    case Received.Refused<ReplicaKey>(ApiMessage answer) -> reply.accept(answer);
                }
            }
            case UpdateRaftVoterRequestData data -> {
                switch (VoterMessages.read(wire, data, whyNotLeading(data.currentLeaderEpoch()), standing())) {
                    case Received.Request<VoterMessages.Update>(VoterMessages.Update update, Endpoint _) ->
                        step(new UpdateVoterRequested(
                                arrived(ApiKeys.UPDATE_RAFT_VOTER, version, reply), update.voter()));
                    case Received.Refused<VoterMessages.Update>(ApiMessage answer) -> reply.accept(answer);
                }
            }
            default -> throw new IllegalArgumentException("not for a quorum: " + request.getClass());
        }
    }

    private <T extends QuorumRequest> void asked(
            Received<T> received, ApiKeys api, short version, Consumer<ApiMessage> reply) throws IOException {
        switch (received) {
            case Received.Request<T>(T request, Endpoint _) -> step(new Asked(arrived(api, version, reply), request));
            case Received.Refused<T>(ApiMessage answer) -> reply.accept(answer);
        }
    }

    private long arrived(ApiKeys api, short version, Consumer<ApiMessage> reply) {
        long requestId = nextRequestId++;
        unanswered.put(requestId, new Unanswered(api, version, reply));
        return requestId;
    }

    private Unanswered answered(long requestId) {
        Unanswered request = unanswered.remove(requestId);
        if (request == null) {
            throw new IllegalStateException("request " + requestId + " is answered twice");
        }
        return request;
    }

    private void reply(long requestId, QuorumAnswer answer) {
        Unanswered request = answered(requestId);
        short version = request.version();
        Standing standing = standing(answer.epoch(), answer.leader());
        request.reply()
                .accept(
                        switch (request.api()) {
                            case VOTE -> VoteMessages.answer(answer, standing, version);
                            case BEGIN_QUORUM_EPOCH -> BeginEpochMessages.answer(answer, standing, version);
                            case END_QUORUM_EPOCH -> EndEpochMessages.answer(answer, standing, version);
                            case FETCH -> FetchMessages.answer(answer, standing, version);
                            default -> throw new IllegalStateException("no request of a peer: " + request.api());
                        });
    }

    private void replyEntries(ReplyEntries entries) throws IOException {
        Unanswered request = answered(entries.requestId());
        request.reply()
                .accept(FetchMessages.entries(
                        storage.read(entries.from(), Question.MOST_FETCHED_BYTES),
                        entries.highWatermark(),
                        machine.log().start().offset(),
                        standing(entries.epoch(), entries.leader()),
                        request.version()));
    }

    private void replyToChange(long requestId, ChangeOutcome outcome, String message) {
        Unanswered request = answered(requestId);
        request.reply()
                .accept(
                        switch (request.api()) {
                            case ADD_RAFT_VOTER -> VoterMessages.added(outcome, message);
                            case REMOVE_RAFT_VOTER -> VoterMessages.removed(outcome, message);
                            case UPDATE_RAFT_VOTER -> VoterMessages.updated(outcome, standing());
                            default -> throw new IllegalStateException("no change of the voters: " + request.api());
                        });
    }

    private ApiMessage description(DescribeQuorumRequestData data, short version) {
        ApiMessage objection = DescribeMessages.objection(data);
        if (objection != null) {
            return objection;
        }
        long shiftMs = wallClock.millis() - monotonicMs.getAsLong();
        return machine.leads()
                ? DescribeMessages.answer(
                        standing(),
                        machine.log().highWatermark(),
                        machine.log().voters(),
                        machine.replicas(),
                        ms -> ms + shiftMs,
                        version)
                : DescribeMessages.notLeading();
    }

    /** As Kafka; null when this server leads the epoch. */
    private @Nullable Errors whyNotLeading(int epoch) {
        int own = machine.hardState().epoch();
        return epoch < own
                ? Errors.FENCED_LEADER_EPOCH
                : epoch > own ? Errors.UNKNOWN_LEADER_EPOCH : machine.leads() ? null : Errors.NOT_LEADER_OR_FOLLOWER;
    }

    private Standing standing() {
        return standing(machine.hardState().epoch(), machine.hardState().leader());
    }

    private Standing standing(int epoch, int leader) {
        return new Standing(epoch, leader, leader < 0 ? null : endpointOf(leader));
    }

    private @Nullable Endpoint endpointOf(int server) {
        if (server == storage.self().id()) {
            return options.at();
        }
        Voter voter = machine.log().voters().voter(server);
        if (voter != null) {
            for (Endpoint at : voter.endpoints()) {
                if (at.listener().equals(options.listener())) {
                    return at;
                }
            }
        }
        return server == heardOf ? heardAt : null;
    }

    // ---- Folding.

    /** All below is committed: the state gets it, then whoever waited for it hears. */
    private void fold(long highWatermark) throws IOException {
        storage.visit(folded.offset(), highWatermark, (batch, bytes) -> {
            if (RecordBatch.isControl(bytes, 0)) {
                state.passed(batch.endOffset() - 1);
            } else {
                state.apply(batch.baseOffset(), batch.epoch(), values(bytes));
            }
            foldedTimestampMs = Math.max(foldedTimestampMs, RecordBatch.maxTimestamp(bytes, 0));
            folded = new OffsetAndEpoch(batch.endOffset(), batch.epoch());
        });
        while (!inLog.isEmpty() && inLog.element().endOffset() <= highWatermark) {
            InLog done = inLog.remove();
            done.outcome().committed(done.baseOffset());
        }
        if (leadsFrom >= 0 && highWatermark >= leadsFrom) {
            leadsFrom = -1;
            state.leads(machine.hardState().epoch(), machine.log().end());
            tellUpToDate(machine.hardState().epoch());
        }
    }

    /**
     * @param epoch of a leader all of whose committed records are folded. A new leader does not know what its predecessors have committed
     *     until a record of its own is; so one of that epoch has to be among them
     */
    private void tellUpToDate(int epoch) {
        if (!toldUpToDate && folded.epoch() == epoch) {
            toldUpToDate = true;
            state.upToDate();
        }
    }

    private static List<ByteBuffer> values(ByteBuffer batch) throws IOException {
        List<ByteBuffer> values = new ArrayList<>(RecordBatch.recordCount(batch, 0));
        try (RecordCursor records = RecordCursor.open(batch, 0)) {
            while (records.next()) {
                ByteBuffer value = records.value();
                if (value == null) {
                    throw new IOException(
                            "the record at offset " + records.offset() + " of the metadata log has no value");
                }
                // the cursor's memory is used again for the next record
                values.add(ByteBuffer.allocate(value.remaining()).put(value).flip());
            }
        }
        return values;
    }

    // ---- Snapshots of its own.

    private void restore(OffsetAndEpoch snapshot) throws IOException {
        state.restore(
                snapshot,
                visitor -> storage.readSnapshot(batch -> {
                    foldedTimestampMs = Math.max(foldedTimestampMs, RecordBatch.maxTimestamp(batch, 0));
                    visitor.batch(values(batch));
                }));
        folded = snapshot;
    }

    /** Of what is committed, folded, and on this disk: all of it, for everything was synced at the end of the turn. */
    private void takeSnapshot() throws IOException {
        OffsetAndEpoch snapshot = folded;
        if (snapshot.offset() <= machine.log().start().offset()
                || snapshot.offset() > machine.log().snapshotEnd()) {
            return;
        }
        try (SnapshotWriter writer =
                storage.write(snapshot, machine.log().votersAt(snapshot.offset()), foldedTimestampMs)) {
            state.snapshot(writer);
            writer.finish();
        }
        step(new SnapshotTaken(snapshot));
        storage.keep(snapshot);
    }

    // ---- Snapshots of others.

    private ApiMessage pieceFor(FetchSnapshotRequestData data, short version) throws IOException {
        Standing standing = standing();
        switch (SnapshotMessages.read(wire, data, standing, version)) {
            case Received.Refused<SnapshotMessages.Wanted>(ApiMessage answer) -> {
                return answer;
            }
            case Received.Request<SnapshotMessages.Wanted>(SnapshotMessages.Wanted wanted, Endpoint _) -> {
                Errors whyNot = whyNotLeading(wanted.epoch());
                if (whyNot != null) {
                    return SnapshotMessages.refused(whyNot, standing, version);
                }
                step(new SnapshotRead(wanted.replica(), wanted.epoch()));
                StoreFile file = storage.openSnapshot(wanted.snapshot());
                if (file == null) {
                    return SnapshotMessages.refused(Errors.SNAPSHOT_NOT_FOUND, standing, version);
                }
                try (file) {
                    long size = file.size();
                    if (wanted.position() < 0 || wanted.position() >= size) {
                        return SnapshotMessages.refused(Errors.POSITION_OUT_OF_RANGE, standing, version);
                    }
                    int most = Math.max(1, Math.min(wanted.maxBytes(), SnapshotMessages.MOST_PIECE_BYTES));
                    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(most, size - wanted.position()));
                    file.read(bytes, wanted.position());
                    return SnapshotMessages.piece(
                            new SnapshotMessages.Piece(wanted.snapshot(), size, wanted.position(), bytes.flip()),
                            standing,
                            version);
                }
            }
        }
    }

    private void beginDownload(int from, int epoch, OffsetAndEpoch snapshot) throws IOException {
        endDownload();
        SnapshotDownload begun =
                new SnapshotDownload(wire, storage.self(), from, epoch, snapshot, storage.openPart(snapshot));
        download = begun;
        askForPiece(begun);
    }

    private void askForPiece(SnapshotDownload of) {
        tellWhere(of.from());
        peers.ask(of.from(), of.next(), options.requestTimeoutMs(), new Peers.Outcome() {
            @Override
            public void answered(ApiMessage response, short version) {
                inbox.add(new Input.PieceAnswered(of, response));
            }

            @Override
            public void failed(String why) {
                inbox.add(new Input.PieceFailed(of));
            }
        });
    }

    private void pieceAnswered(SnapshotDownload of, ApiMessage response) throws IOException {
        SnapshotMessages.Piece piece = of.heard(response);
        if (piece == null) {
            downloadFailed(of);
        } else if (!of.take(piece)) {
            askForPiece(of);
        } else {
            downloaded(of);
        }
    }

    /** All of it is there, and on disk; whether it is what it says is looked at before anybody hears of it. */
    private void downloaded(SnapshotDownload of) throws IOException {
        of.finish();
        VoterSet voters;
        try {
            voters = storage.checkPart(of.snapshot());
        } catch (CorruptLogException e) {
            complaints.accept("server " + of.from() + " has sent a snapshot that is none: " + e.getMessage());
            downloadFailed(of);
            return;
        }
        download = null;
        step(new SnapshotFetched(of.snapshot(), voters));
        storage.dropPart(of.snapshot()); // nothing is left of it when it was installed
    }

    private void downloadFailed(SnapshotDownload of) throws IOException {
        endDownload();
        step(new SnapshotFailed(of.snapshot()));
    }

    private void endDownload() throws IOException {
        SnapshotDownload running = download;
        if (running != null) {
            download = null;
            running.abandon();
            storage.dropPart(running.snapshot());
        }
    }
}
