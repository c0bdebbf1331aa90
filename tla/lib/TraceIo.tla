---------------------------- MODULE TraceIo ----------------------------
(* Recorded runs, for the modules under trace/: each is a sequence of events, and an event is a record with the fields    *)
(* that were recorded. The operators are Java, io.odradek.spec.tlc.TraceIo; what stands here is evaluated when that is    *)
(* not on the class path, where it must not pass for an answer.                                                           *)
LOCAL INSTANCE TLC

(* The runs that are looked at together. *)
Traces == Assert(FALSE, "TraceIo is Java, and it is not there")

(* The first n events of a run can be explained. True, so that it can stand among invariants. *)
TraceExplained(trace, n) == Assert(FALSE, <<"TraceIo is Java, and it is not there", trace, n>>)
=======================================================================
