---------------------------- MODULE TraceIo ----------------------------
(* Recorded runs: each is a sequence of events, and an event is a record with the fields that were recorded. The operators*)
(* are Java, io.odradek.spec.tlc.TraceIo; what stands here is evaluated when that is not on the class path, where it must *)
(* not pass for an answer.                                                                                                *)
(*                                                                                                                        *)
(* In Java, because what was recorded may be anything. TLC ends when a number is compared to a string; here they differ.  *)
LOCAL INSTANCE TLC

(* The runs that are looked at together. *)
Traces == Assert(FALSE, "TraceIo is Java, and it is not there")

(* What the runs say at their beginning of a constant, or else the other value. An array stands for a set. *)
TraceConstant(name, otherwise) == Assert(FALSE, <<"TraceIo is Java, and it is not there", name, otherwise>>)

(* The same, of a constant that is a value of its own, equal to nothing else: a model value of TLC, with a name.           *)
TraceName(name, otherwise) == Assert(FALSE, <<"TraceIo is Java, and it is not there", name, otherwise>>)

(* The n-th event of a run can be a step of this name that this node took. *)
TraceIs(trace, n, name, node) == Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n, name, node>>)

(* The n-th event of a run is this one: every field that was recorded is a field of `parameters` or `after`, and equal.    *)
TraceShows(trace, n, name, node, parameters, after) ==
  Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n, name, node, parameters, after>>)

(* The name of the step that was shown last. With a side effect: it is that of the n-th event.                              *)
TraceTaken(trace, n) == Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n>>)

(* What a variable is after the n-th event, where all of the state was recorded. *)
TraceState(trace, n, variable) == Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n, variable>>)

(* The first n events of a run can be explained. True, so that it can stand among invariants. *)
TraceExplained(trace, n) == Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n>>)
=======================================================================
