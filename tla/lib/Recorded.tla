---------------------------- MODULE Recorded ----------------------------
(* What the modules under trace/ have in common. Such a module has a disjunct for each action of its machine,             *)
(*                                                                                                                        *)
(*   Is("Write", r) /\ Write(r) /\ Shows("Write", r, parameters, after)                                                   *)
(*                                                                                                                        *)
(* and so says what an event looks like: the name of the action; the node that took the step; the parameters, which are   *)
(* the choices that the step leaves open (a simulator has to make them; a real node does not know all of them, and        *)
(* leaves those out); and what the node has afterwards. A field that was not recorded can have any value: TLC looks for   *)
(* one with which the rest of the run can be explained. A field that is not listed is a mistake, and no step has it.      *)
(*                                                                                                                        *)
(* The first event of a run is its beginning: [event |-> "Begin", constants |-> ..., and what the module says].           *)
EXTENDS Integers, Sequences, TraceIo

VARIABLES
  run,   \* which of the runs
  next   \* its event that is to be explained

recordedVars == <<run, next>>

(* The run begins. *)
Begins == run \in 1 .. Len(Traces) /\ next = 2
Beginning == Traces[run][1]

Is(name, node) == TraceIs(run, next, name, node)

(* To be said last, when all variables have their values. *)
Shows(name, node, parameters, after) ==
  /\ TraceShows(run, next, name, node, parameters, after)
  /\ next' = next + 1
  /\ UNCHANGED run

NoChoice == [x \in {} |-> x]
NothingToSee == [x \in {} |-> x]

(* An invariant: tells the runner how far it came. *)
Matched == TraceExplained(run, next - 1)

=======================================================================
