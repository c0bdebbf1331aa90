package io.odradek.spec.cluster;

import io.odradek.broker.net.Connection;
import io.odradek.broker.net.PeerConnection;
import io.odradek.broker.net.PeerNetwork;
import io.odradek.broker.net.PeerOutcome;
import io.odradek.broker.net.PeerRequest;
import io.odradek.broker.net.Reply;
import io.odradek.broker.net.Request;
import io.odradek.broker.net.RequestRouter;
import io.odradek.broker.net.SlicedRecords;
import io.odradek.broker.net.TakenRecords;
import io.odradek.engine.record.BufferLease;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.jspecify.annotations.Nullable;

/**
 * What is between machines instead of sockets: connections that keep the order, carry Kafka's messages as bytes, take their time, and end. Where
 * the way is cut nothing arrives until it is not, or somebody loses patience, as with TCP.
 */
final class SimulatedNetwork {

    private static final String HOST = "machine-";
    private static final int CONNECT_TIMEOUT_MS = 1_000;
    private static final int BACKOFF_MS = 50;
    private static final int MAX_BACKOFF_MS = 250;
    private static final int RETRANSMIT_MS = 20;

    private final Timeline time;
    private final Chronicle chronicle;
    private final SplittableRandom random;
    private final IntFunction<Machine> machines;
    private final boolean[][] cut;
    private int nextSocket;
    private int slowPercent;
    private int mostSlowMs = 1;

    SimulatedNetwork(
            Timeline time, Chronicle chronicle, SplittableRandom random, int count, IntFunction<Machine> machines) {
        this.time = time;
        this.chronicle = chronicle;
        this.random = random;
        this.machines = machines;
        this.cut = new boolean[count][count];
    }

    static String hostOf(int machine) {
        return HOST + machine;
    }

    /** Of messages on their way, so many percent take up to so long. */
    void slow(int percent, int mostMs) {
        slowPercent = percent;
        mostSlowMs = Math.max(1, mostMs);
    }

    /** One way. */
    void cut(int from, int to) {
        cut[from][to] = from != to;
    }

    void isolate(int one) {
        for (int other = 0; other < cut.length; other++) {
            cut(one, other);
            cut(other, one);
        }
    }

    void heal() {
        for (boolean[] row : cut) {
            Arrays.fill(row, false);
        }
    }

    private int delay() {
        return random.nextInt(100) < slowPercent ? random.nextInt(mostSlowMs) : random.nextInt(3);
    }

    /** The network as a machine has it in its present life. */
    PeerNetwork of(Machine machine) {
        return new OfMachine(machine, machine.life());
    }

    private final class OfMachine implements PeerNetwork {
        private final Machine machine;
        private final long life;

        OfMachine(Machine machine, long life) {
            this.machine = machine;
            this.life = life;
        }

        @Override
        public PeerConnection connection(String name, String host, int port) {
            return new Line(machine, life, name, machines.apply(Integer.parseInt(host.substring(HOST.length()))), port);
        }

        @Override
        public void close() {}
    }

    private static final class Question {
        private final PeerRequest request;
        private final PeerOutcome outcome;
        private boolean told;
        private short version;

        Question(PeerRequest request, PeerOutcome outcome) {
            this.request = request;
            this.outcome = outcome;
        }
    }

    /** As {@link PeerConnection} is described: made when something is asked, kept, and made again. */
    private final class Line implements PeerConnection {
        private final Machine owner;
        private final long life;
        private final String name;
        private final Machine to;
        private final int port;
        private final ArrayDeque<Question> waiting = new ArrayDeque<>();
        private @Nullable Socket socket;
        private boolean connecting;
        private boolean closed;
        private int failures;
        private long notBeforeMs;

        Line(Machine owner, long life, String name, Machine to, int port) {
            this.owner = owner;
            this.life = life;
            this.name = name;
            this.to = to;
            this.port = port;
        }

        @Override
        public void ask(PeerRequest request, int timeoutMs, PeerOutcome outcome) {
            Question question = new Question(request, outcome);
            soon(() -> accept(question, timeoutMs));
        }

        private void soon(Runnable task) {
            time.after(0, () -> owner.run(life, task));
        }

        private void accept(Question question, int timeoutMs) {
            Socket open = socket;
            if (closed) {
                tell(question, this + " is closed", false);
            } else if (open != null) {
                timed(question, timeoutMs);
                open.send(question);
            } else if (!connecting && time.nowMs() < notBeforeMs) {
                tell(question, this + " could not be reached; not tried again yet", false);
            } else {
                timed(question, timeoutMs);
                waiting.add(question);
                connect();
            }
        }

        private void timed(Question question, int timeoutMs) {
            time.after(
                    timeoutMs,
                    () -> owner.run(life, () -> {
                        Socket open = socket;
                        if (waiting.remove(question)) {
                            tell(question, "no connection to " + this + " in time", false);
                        } else if (!question.told && open != null) {
                            open.broken(this + " has not answered " + question.request.api() + " in time");
                        }
                    }));
        }

        private void connect() {
            if (connecting) {
                return;
            }
            connecting = true;
            long began = time.nowMs();
            time.after(2 * delay() + 1, () -> owner.run(life, () -> connected(began)));
        }

        private void connected(long began) {
            if (closed) {
                return;
            }
            if (cut[owner.id()][to.id()] || cut[to.id()][owner.id()]) {
                if (time.nowMs() - began < CONNECT_TIMEOUT_MS) {
                    time.after(RETRANSMIT_MS, () -> owner.run(life, () -> connected(began)));
                } else {
                    unreachable(this + " does not answer");
                }
            } else if (!to.isUp() || to.listensAt(port) == null) {
                unreachable(this + ": connection refused");
            } else {
                connecting = false;
                failures = 0;
                Socket made = new Socket(this);
                socket = made;
                for (Question next = waiting.poll(); next != null; next = waiting.poll()) {
                    made.send(next);
                }
            }
        }

        private void unreachable(String why) {
            connecting = false;
            notBeforeMs = time.nowMs() + Math.min(MAX_BACKOFF_MS, BACKOFF_MS << Math.min(failures, 10));
            failures++;
            List<Question> all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(question -> tell(question, why, false));
        }

        private void tell(Question question, String why, boolean maybeDone) {
            if (!question.told) {
                question.told = true;
                question.outcome.failed(why, maybeDone);
            }
        }

        @Override
        public void close() {
            soon(() -> {
                closed = true;
                Socket open = socket;
                if (open != null) {
                    open.broken(this + " is closed");
                }
                unreachable(this + " is closed");
            });
        }

        @Override
        public String toString() {
            return name + " at " + hostOf(to.id()) + ":" + port;
        }
    }

    /** One connection, from when it was made until it breaks. Its two ends each have their machine. */
    private final class Socket implements Connection {
        private final Line line;
        private final int number = nextSocket++;
        private final long toLife;
        private final ArrayDeque<Question> unanswered = new ArrayDeque<>();
        private final ArrayDeque<Answer> owed = new ArrayDeque<>();
        private final ArrayDeque<Runnable> unread = new ArrayDeque<>();
        private final List<Runnable> onClose = new ArrayList<>();
        private final Pipe there;
        private final Pipe back;
        private int stops;
        private boolean broken;

        Socket(Line line) {
            this.line = line;
            this.toLife = line.to.life();
            this.there = new Pipe(this, line.owner, line.to, toLife);
            this.back = new Pipe(this, line.to, line.owner, line.life);
        }

        // ---- The end of whoever asks.

        void send(Question question) {
            RequestRouter router = line.to.listensAt(line.port);
            ApiKeys api = question.request.api();
            RequestRouter.Route route = router == null ? null : router.route(api);
            if (route == null) {
                line.tell(question, line + " does not offer " + api, false);
                return;
            }
            question.version = route.highest();
            ByteBuffer bytes;
            try {
                bytes = MessageUtil.toByteBufferAccessor(question.request.at(question.version), question.version)
                        .buffer();
            } catch (UnsupportedVersionException e) {
                line.tell(question, line + ": " + e.getMessage(), false);
                return;
            }
            unanswered.add(question);
            there.put(() -> arrived(api, question, bytes));
        }

        void broken(String why) {
            if (broken) {
                return;
            }
            broken = true;
            if (line.socket == this) {
                line.socket = null;
            }
            List<Question> all = List.copyOf(unanswered);
            unanswered.clear();
            all.forEach(question -> line.tell(question, why, true));
            time.after(
                    delay(),
                    () -> line.to.run(toLife, () -> List.copyOf(onClose).forEach(Runnable::run)));
        }

        /** The other machine has ended: this one hears of it when its packets are answered so. */
        private void reset() {
            time.after(
                    delay(),
                    () -> line.owner.run(line.life, () -> {
                        if (!cut[line.to.id()][line.owner.id()]) {
                            broken(line + " has closed the connection");
                        }
                    }));
        }

        /** The machine that this was a connection to has gone, and perhaps come back, or nobody listens there any more. */
        private boolean isGone() {
            return !line.to.isUp() || line.to.life() != toLife;
        }

        // ---- The end of whoever answers.

        private void arrived(ApiKeys api, Question question, ByteBuffer bytes) {
            if (stops > 0) {
                unread.add(() -> arrived(api, question, bytes));
                return;
            }
            RequestRouter router = line.to.listensAt(line.port);
            RequestRouter.Route route = router == null ? null : router.route(api);
            if (route == null) {
                reset();
                return;
            }
            ApiMessage body = api.messageType.newRequest();
            body.read(new ByteBufferAccessor(bytes), question.version);
            Answer answer = new Answer(this, question, api);
            owed.add(answer);
            route.handler()
                    .handle(
                            new Request(
                                    new RequestHeader(api, question.version, "machine-" + line.owner.id(), number),
                                    body,
                                    BufferLease.UNPOOLED,
                                    InetAddress.getLoopbackAddress(),
                                    line.port == ClusterNode.CLIENT_PORT ? "PLAINTEXT" : "CONTROLLER",
                                    this),
                            answer);
        }

        private void flush() {
            for (Answer first = owed.peek(); first != null && first.settled; first = owed.peek()) {
                owed.remove();
                ApiMessage message = first.message;
                if (message == null) {
                    unanswered.remove(first.question);
                    continue;
                }
                Answer answer = first;
                Parcel parcel = back.reserve();
                // What lies in files is read when it is sent, which may be later.
                time.after(
                        random.nextInt(2),
                        () -> line.to.run(toLife, () -> {
                            ByteBuffer bytes = bytes(message, answer.question.version);
                            parcel.fill(() -> {
                                unanswered.remove(answer.question);
                                if (!answer.question.told) {
                                    answer.question.told = true;
                                    ApiMessage read = answer.api.messageType.newResponse();
                                    read.read(new ByteBufferAccessor(bytes), answer.question.version);
                                    answer.question.outcome.answered(
                                            read, answer.question.version, BufferLease.UNPOOLED);
                                }
                            });
                        }));
            }
        }

        private static ByteBuffer bytes(ApiMessage message, short version) {
            if (message instanceof FetchResponseData fetched) {
                for (var topic : fetched.responses()) {
                    for (var partition : topic.partitions()) {
                        if (partition.records() instanceof SlicedRecords records) {
                            try {
                                partition.setRecords(MemoryRecords.readableRecords(TakenRecords.of(records)));
                            } catch (IOException e) {
                                throw new DiskTrouble(e);
                            }
                        }
                    }
                }
            }
            return MessageUtil.toByteBufferAccessor(message, version).buffer();
        }

        @Override
        public String id() {
            return "socket-" + number;
        }

        @Override
        public void stopReading() {
            stops++;
        }

        @Override
        public void resumeReading() {
            stops--;
            if (stops == 0) {
                execute(() -> {
                    while (stops == 0 && !unread.isEmpty()) {
                        unread.remove().run();
                    }
                });
            }
        }

        @Override
        public void execute(Runnable task) {
            time.after(0, () -> line.to.run(toLife, task));
        }

        @Override
        public Timer schedule(long delayMs, Runnable task) {
            boolean[] cancelled = {false};
            time.after(
                    delayMs,
                    () -> line.to.run(toLife, () -> {
                        if (!cancelled[0]) {
                            task.run();
                        }
                    }));
            return () -> cancelled[0] = true;
        }

        @Override
        public void onClose(Runnable task) {
            if (broken) {
                execute(task);
            } else {
                onClose.add(task);
            }
        }
    }

    private static final class Parcel {
        private final long atMs;
        private @Nullable Runnable task;

        Parcel(long atMs) {
            this.atMs = atMs;
        }

        void fill(Runnable what) {
            task = what;
        }
    }

    /** One direction of a connection: what is put in comes out in that order, when the way is free. */
    private final class Pipe {
        private final Socket socket;
        private final Machine from;
        private final Machine to;
        private final long toLife;
        private final ArrayDeque<Parcel> parcels = new ArrayDeque<>();
        private long lastMs;

        Pipe(Socket socket, Machine from, Machine to, long toLife) {
            this.socket = socket;
            this.from = from;
            this.to = to;
            this.toLife = toLife;
        }

        void put(Runnable task) {
            reserve().fill(task);
        }

        /** A place in the order, for what is put into it later. */
        Parcel reserve() {
            lastMs = Math.max(lastMs, time.nowMs() + delay());
            Parcel parcel = new Parcel(lastMs);
            parcels.add(parcel);
            if (parcels.size() == 1) {
                time.at(parcel.atMs, this::pump);
            }
            return parcel;
        }

        private void pump() {
            Parcel first = parcels.peek();
            if (socket.broken || first == null) {
                return;
            }
            Runnable task = first.task;
            if (socket.isGone() && (task == null || to.id() == socket.line.to.id())) {
                socket.reset(); // what was not sent never will be, and nobody takes what was
            } else if (task == null) {
                time.after(1, this::pump);
            } else if (cut[from.id()][to.id()]) {
                time.after(RETRANSMIT_MS, this::pump);
            } else {
                parcels.remove();
                to.run(toLife, task);
                Parcel next = parcels.peek();
                if (next != null) {
                    time.at(next.atMs, this::pump);
                }
            }
        }
    }

    /** Replies leave in the order of the requests. */
    private final class Answer implements Reply {
        private final Socket socket;
        private final Question question;
        private final ApiKeys api;
        private @Nullable ApiMessage message;
        private boolean settled;

        Answer(Socket socket, Question question, ApiKeys api) {
            this.socket = socket;
            this.question = question;
            this.api = api;
        }

        @Override
        public void send(ApiMessage response) {
            settle(response);
        }

        @Override
        public void nothing() {
            settle(null);
        }

        private void settle(@Nullable ApiMessage response) {
            if (settled) {
                throw new AssertionError(api + " is answered twice");
            }
            message = response;
            settled = true;
            socket.execute(socket::flush);
        }

        @Override
        public void close(String reason) {
            chronicle.count("a server closes a connection");
            chronicle.say("machine " + socket.line.to.id() + " closes a connection: " + reason);
            socket.reset();
        }
    }
}
