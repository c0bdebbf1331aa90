------------------------------- MODULE WakeUps -------------------------------
(* Who runs the stages of a shard, and how it learns that there is something to do: Doorbell, Turn and DiskWait under Shard's
   loops.

   Claim: no ring is lost. Whatever was published is appended even while the disk hangs in a sync, and settled when the sync ends;
   nobody sleeps over work that nobody else is about to do.

   Threads = "separate": append, sync and settle have a thread each. "shared": append and settle share one, and the sync thread
   appends what it is going to sync. "lent": besides, whoever announces to an idle shard appends and settles itself.

   Abstracted: the entries are counted, in the order of the ring; what appending, syncing and settling mean is in local/Ring.
   Memory is sequentially consistent; a missing fence is modelled by the order of two steps (the flags WaiterLooksFirst and so
   on). *)
EXTENDS Integers, Sequences

CONSTANTS
    Threads,    \* Shard.Threads: "separate", "shared" or "lent"
    Kinds,      \* per entry: "sync" waits for the disk, "cache" does not, "task" is a task: not run on a lent turn
    Publishers,
    Bugs

Bug(b) == b \in Bugs
Separate == Threads = "separate"
Entries == Len(Kinds)
ASSUME Threads \in {"separate", "shared", "lent"}

VARIABLES
    published, appended, handed, synced, \* how many entries; handed: up to where the waiting group reaches, 0 when none waits
    settled,     \* the entries that were answered
    examined, lastSynced, \* settle: what it has looked at
    needsSync,   \* Appender.handedOver: the last group went to sync
    asleep,      \* the bells at which somebody has announced that it sleeps: "append", "sync", "settle"
    turn,        \* who has the turn; Nobody
    disk,        \* DiskWait: the sync thread waits for the disk
    syncing,     \* up to where the group reaches that the sync thread has taken
    pc,          \* per thread: what it does next
    group,       \* per thread: the group that it appends, and which bells it owes a ring for it
    worked       \* per thread: whether its pass found something
work == <<published, appended, handed, synced, settled, examined, lastSynced, needsSync, syncing>>
vars == <<work, asleep, turn, disk, pc, group, worked>>

Nobody == "nobody"
NoGroup == [first |-> 1, last |-> 0, bells |-> {}]
Loops == IF Separate THEN {"append", "sync", "settle"} ELSE {"append", "sync"}
AllThreads == Loops \cup Publishers
BellOf(thread) == thread \* each loop waits at the bell of its name; without a settle thread that bell is append's
SettleBell == IF Separate THEN "settle" ELSE "append"

CanAppend == appended < published
CanAppendLent == CanAppend /\ Kinds[appended + 1] # "task"
CanSync == handed # 0
CanSettle == appended > examined \/ synced # lastSynced
HasTurnWork == CanAppend \/ CanSettle

Init ==
    /\ published = 0 /\ appended = 0 /\ handed = 0 /\ synced = 0 /\ settled = {} /\ examined = 0 /\ lastSynced = 0
    /\ needsSync = FALSE /\ asleep = {} /\ turn = Nobody /\ disk = FALSE /\ syncing = 0
    /\ pc = [t \in AllThreads |-> IF t \in Loops THEN "look" ELSE "publish"]
    /\ worked = [t \in AllThreads |-> FALSE] /\ group = [t \in AllThreads |-> NoGroup]

Goes(t, step) == pc' = [pc EXCEPT ![t] = step]
Works(t, whether) == worked' = [worked EXCEPT ![t] = whether]
Ring(bells) == asleep' = asleep \ bells \* Doorbell.ring: costs nothing while the waiter is awake

\* What a group does to the sequences: appended first, then it is handed over (Appender.endGroup).
IsSync(n) == Kinds[n] = "sync"
Group(last) == appended + 1 .. last
HandsOver(last) == \E n \in Group(last) : IsSync(n)
PutsFirst == Bug("HandedOverBeforePublished")
\* Settler.settle.
Settled == settled \cup {n \in 1 .. appended : ~IsSync(n) \/ n <= synced}
SettleNow == settled' = Settled /\ examined' = appended /\ lastSynced' = synced

(* --------------------------------------------------------------------------------------------------------------- publishers *)

\* WritePath.tryWriteUnannounced, or tryPublish for a task.
Publish(t) ==
    /\ pc[t] = "publish" /\ published < Entries
    /\ published' = published + 1
    /\ Goes(t, IF Kinds[published + 1] = "task" THEN "ring append" ELSE IF Threads = "lent" THEN "announce" ELSE "wake")
    /\ UNCHANGED <<appended, handed, synced, settled, examined, lastSynced, needsSync, syncing, asleep, turn, disk, worked,
                   group>>
\* Shard.announce: what needs the disk is not done here; else the turn is taken if it is free, and if it is not, its holder looks
\* again.
Announce(t) ==
    /\ pc[t] = "announce"
    /\ IF needsSync THEN Goes(t, "wake") /\ UNCHANGED turn
       ELSE IF turn = Nobody THEN turn' = t /\ Goes(t, "append") ELSE UNCHANGED turn /\ Goes(t, "publish")
    /\ UNCHANGED <<work, asleep, disk, worked, group>>
\* Shard.wake: the sync thread, while it does not wait for the disk and has something to sync; else the append thread.
Wake(t) ==
    /\ pc[t] = "wake"
    /\ Goes(t, IF ~Separate /\ needsSync /\ ~disk THEN "ring sync" ELSE "ring append")
    /\ UNCHANGED <<work, asleep, turn, disk, worked, group>>
RingAppend(t) == pc[t] = "ring append" /\ Ring({"append"}) /\ Goes(t, "publish") /\ UNCHANGED <<work, turn, disk, worked, group>>
RingSync(t) == pc[t] = "ring sync" /\ Ring({"sync"}) /\ Goes(t, "publish") /\ UNCHANGED <<work, turn, disk, worked, group>>
\* Shard.workInTurn gives the turn back and looks for work once more.
LookAfter(t) ==
    /\ t \in Publishers /\ pc[t] = "look after"
    /\ Goes(t, IF HasTurnWork /\ ~Bug("NobodyLooksAfterATurn") THEN "ring append" ELSE "publish")
    /\ UNCHANGED <<work, asleep, turn, disk, worked, group>>

(* -------------------------------------------------------------------------------------- append and settle, whoever runs them *)

MayAppend(t) == IF t = "append" THEN CanAppend ELSE CanAppendLent
LastFor(t) == \* append's own thread takes all there is; others stop before a task
    IF t = "append" THEN published
    ELSE CHOOSE n \in appended .. published :
           (\A m \in appended + 1 .. n : Kinds[m] # "task") /\ (n = published \/ Kinds[n + 1] = "task")
\* The order is the point: published to settle before it is handed to sync, so that the sync's own ring finds it.
Puts(last) == handed' = (IF HandsOver(last) THEN last ELSE handed) /\ UNCHANGED <<appended, needsSync>>
Publishes(g) == appended' = g.last /\ needsSync' = (\E n \in g.first .. g.last : IsSync(n)) /\ UNCHANGED handed
AppendGroup(t) ==
    /\ pc[t] = "append"
    /\ IF ~MayAppend(t)
         THEN Goes(t, IF Separate THEN "idle" ELSE IF t = "sync" THEN "give back" ELSE "settle") /\ UNCHANGED <<work, group,
                                                                                                                worked>>
         ELSE /\ IF PutsFirst THEN Puts(LastFor(t)) ELSE Publishes([first |-> appended + 1, last |-> LastFor(t)])
              /\ group' = [group EXCEPT ![t] = [first |-> appended + 1, last |-> LastFor(t), bells |-> {}]]
              /\ Goes(t, "hand over")
              /\ Works(t, TRUE)
              /\ UNCHANGED <<published, synced, settled, examined, lastSynced, syncing>>
    /\ UNCHANGED <<asleep, turn, disk>>
HandOver(t) ==
    /\ pc[t] = "hand over"
    /\ LET g == group[t]
           syncs == \E n \in g.first .. g.last : IsSync(n)
           rings == (IF syncs THEN {"sync"} ELSE {})
                      \cup (IF Separate /\ \E n \in g.first .. g.last : ~IsSync(n) THEN {"settle"} ELSE {})
       IN /\ IF PutsFirst THEN Publishes(g) ELSE handed' = (IF syncs THEN g.last ELSE handed) /\ UNCHANGED <<appended, needsSync>>
          /\ group' = [group EXCEPT ![t].bells = rings]
    /\ Goes(t, "ring")
    /\ UNCHANGED <<published, synced, settled, examined, lastSynced, syncing, asleep, turn, disk, worked>>
RingAfterAppend(t) ==
    /\ pc[t] = "ring" /\ Ring(group[t].bells)
    /\ group' = [group EXCEPT ![t] = NoGroup]
    /\ Goes(t, IF Separate THEN "look" ELSE IF t = "sync" THEN "give back" ELSE "settle")
    /\ UNCHANGED <<work, turn, disk, worked>>
SettleStep(t) ==
    /\ pc[t] = "settle"
    /\ SettleNow
    /\ Works(t, worked[t] \/ CanSettle)
    /\ Goes(t, CASE t = "sync" -> "append" [] Separate -> "look" [] OTHER -> "give back")
    /\ UNCHANGED <<published, appended, handed, synced, needsSync, syncing, asleep, turn, disk, group>>
\* Turn.giveBack; whoever gives it back looks for work afterwards.
GiveBack(t) ==
    /\ pc[t] = "give back" /\ turn' = Nobody
    /\ Goes(t, CASE t \in Publishers -> "look after" [] t = "sync" -> "rest" [] OTHER -> IF worked[t] THEN "look" ELSE "idle")
    /\ UNCHANGED <<work, asleep, disk, worked, group>>

(* ------------------------------------------------------------------------------------------------------------------ the loops *)

\* Shard.appendLoop and sharedLoop.
AppendLoop ==
    /\ pc["append"] = "look"
    /\ IF Separate THEN UNCHANGED turn /\ Goes("append", "append")
       ELSE IF turn = Nobody THEN turn' = "append" /\ Goes("append", "append") ELSE UNCHANGED turn /\ Goes("append", "idle")
    /\ Works("append", FALSE)
    /\ UNCHANGED <<work, asleep, disk, group>>
\* Shard.settleLoop.
SettleLoop ==
    /\ Separate /\ pc["settle"] = "look"
    /\ Goes("settle", IF CanSettle THEN "settle" ELSE "idle")
    /\ UNCHANGED <<work, asleep, turn, disk, worked, group>>
\* Shard.syncLoop and sharedSyncLoop: takes the group that waits.
SyncLoop ==
    /\ pc["sync"] = "look"
    /\ IF CanSync THEN /\ syncing' = handed /\ handed' = 0 /\ disk' = ~Separate
                       /\ Goes("sync", IF Separate THEN "sync" ELSE "look around")
       ELSE UNCHANGED <<syncing, handed, disk>> /\ Goes("sync", IF Separate THEN "idle" ELSE "try turn")
    /\ Works("sync", CanSync)
    /\ UNCHANGED <<published, appended, synced, settled, examined, lastSynced, needsSync, asleep, turn, group>>
\* DiskWait.begin is behind it: what came in just now is the append thread's (Shard.syncWhileOthersAppend).
LookAround ==
    /\ pc["sync"] = "look around"
    /\ Ring(IF HasTurnWork /\ ~Bug("NobodyLooksBeforeASync") THEN {"append"} ELSE {})
    /\ Goes("sync", "sync")
    /\ UNCHANGED <<work, turn, disk, worked, group>>
\* The disk is done. (A sync may take for ever: this action alone has no fairness in HangSpec.)
SyncEnds ==
    /\ pc["sync"] = "sync"
    /\ synced' = syncing /\ syncing' = 0 /\ disk' = FALSE
    /\ Goes("sync", IF Separate THEN "ring settle" ELSE "try turn")
    /\ UNCHANGED <<published, appended, handed, settled, examined, lastSynced, needsSync, asleep, turn, worked, group>>
RingSettle ==
    /\ pc["sync"] = "ring settle" /\ Ring({SettleBell})
    /\ Goes("sync", IF Separate \/ worked["sync"] THEN "look" ELSE "idle")
    /\ UNCHANGED <<work, turn, disk, worked, group>>
\* Shard.sharedSyncLoop: while nothing waits for the disk, it appends and settles if nobody else does.
TryTurn ==
    /\ pc["sync"] = "try turn"
    /\ IF ~CanSync /\ turn = Nobody THEN turn' = "sync" /\ Goes("sync", "settle")
       ELSE UNCHANGED turn /\ Goes("sync", IF worked["sync"] THEN "ring settle" ELSE "idle")
    /\ UNCHANGED <<work, asleep, disk, worked, group>>
Rest ==
    /\ pc["sync"] = "rest"
    /\ Ring(IF ~worked["sync"] /\ HasTurnWork THEN {"append"} ELSE {})
    /\ Goes("sync", IF worked["sync"] THEN "look" ELSE "idle")
    /\ UNCHANGED <<work, turn, disk, worked, group>>

(* -------------------------------------------------------------------------------------------------------- Doorbell.sleepUntil *)

IsThere(t) ==
    CASE t = "append" -> IF Separate THEN CanAppend ELSE turn = Nobody /\ HasTurnWork
      [] t = "sync" -> CanSync \/ (~Separate /\ turn = Nobody /\ CanAppendLent)
      [] t = "settle" -> CanSettle
\* First it says that it sleeps, then it looks: of this and the ringer's two steps one sees the other's.
SayAsleep(t) ==
    /\ pc[t] = "idle"
    /\ IF Bug("WaiterLooksFirst")
         THEN IF IsThere(t) THEN Goes(t, "look") /\ UNCHANGED asleep ELSE Goes(t, "look again") /\ UNCHANGED asleep
         ELSE asleep' = asleep \cup {BellOf(t)} /\ Goes(t, "look again")
    /\ UNCHANGED <<work, turn, disk, worked, group>>
LookAgain(t) ==
    /\ pc[t] = "look again"
    /\ IF Bug("WaiterLooksFirst") THEN asleep' = asleep \cup {BellOf(t)} /\ Goes(t, "asleep")
       ELSE IF IsThere(t) THEN asleep' = asleep \ {BellOf(t)} /\ Goes(t, "look") ELSE UNCHANGED asleep /\ Goes(t, "asleep")
    /\ UNCHANGED <<work, turn, disk, worked, group>>
WakeUp(t) ==
    /\ pc[t] = "asleep" /\ BellOf(t) \notin asleep
    /\ Goes(t, "idle") \* announces itself and looks once more
    /\ UNCHANGED <<work, asleep, turn, disk, worked, group>>

Publisher(t) == Announce(t) \/ Wake(t) \/ RingAppend(t) \/ RingSync(t) \/ LookAfter(t)
Stage(t) == AppendGroup(t) \/ HandOver(t) \/ RingAfterAppend(t) \/ SettleStep(t) \/ GiveBack(t)
Waiter(t) == SayAsleep(t) \/ LookAgain(t) \/ WakeUp(t)
Next ==
    \/ \E t \in Publishers : Publish(t) \/ Announce(t) \/ Wake(t) \/ RingAppend(t) \/ RingSync(t) \/ LookAfter(t)
    \/ \E t \in AllThreads : AppendGroup(t) \/ HandOver(t) \/ RingAfterAppend(t) \/ SettleStep(t) \/ GiveBack(t)
    \/ AppendLoop \/ SettleLoop \/ SyncLoop \/ LookAround \/ SyncEnds \/ RingSettle \/ TryTurn \/ Rest
    \/ \E t \in Loops : SayAsleep(t) \/ LookAgain(t) \/ WakeUp(t)
Spec == Init /\ [][Next]_vars

OwnSteps == AppendLoop \/ SettleLoop
SyncSteps == SyncLoop \/ LookAround \/ RingSettle \/ TryTurn \/ Rest
HangSpec == \* every thread goes on; the disk may not
    /\ Spec
    /\ WF_vars(OwnSteps) /\ WF_vars(SyncSteps)
    /\ \A t \in Publishers : WF_vars(Publisher(t)) /\ WF_vars(Stage(t))
    /\ \A t \in Loops : WF_vars(Stage(t)) /\ WF_vars(Waiter(t))
LiveSpec == HangSpec /\ WF_vars(SyncEnds)

(* ----------------------------------------------------------------------------------------------------------------- properties *)

TypeOK == appended <= published /\ synced <= published /\ (turn # Nobody => turn \in AllThreads)
\* One thread appends and settles at a time.
OneAtATime == ~Separate => \A t \in AllThreads : (pc[t] \in {"append", "hand over", "ring", "settle", "give back"}) => turn = t
\* When every thread sleeps there is nothing to do.
NobodySleepsOverWork ==
    (\A t \in Loops : pc[t] = "asleep" /\ BellOf(t) \in asleep) /\ (\A t \in Publishers : pc[t] = "publish")
    => ~CanAppend /\ ~CanSync /\ ~CanSettle
\* What was published is appended, though the disk may never answer; what need not wait for the disk is answered.
PublishedIsAppended == <>[](appended = published /\ \A n \in 1 .. published : IsSync(n) \/ n \in settled)
\* And when it answers, all is settled.
PublishedIsSettled == <>[](settled = 1 .. published)

\* States that the models must reach.
AllAsleep == \A t \in Loops : pc[t] = "asleep" /\ BellOf(t) \in asleep
TurnWasLent == turn \in Publishers
SyncThreadAppends == turn = "sync" /\ pc["sync"] = "hand over"
PublishedDuringSync == pc["sync"] = "sync" /\ CanAppend
==============================================================================
