---------------------------- MODULE LeaderEpochs ----------------------------
(* Where epochs end in a log, and where a follower cuts by it. A log is a sequence of records, each with the epoch of the leader
   that wrote it. Offsets start at 0 and an end is exclusive, so a log s has the offsets 0 .. Len(s) - 1, and the record at offset
   o is s[o + 1]. Java: engine.segment.LeaderEpochs. *)
EXTENDS Integers, Logs

Least(S)    == CHOOSE x \in S : \A y \in S : x <= y
Greatest(S) == CHOOSE x \in S : \A y \in S : x >= y

(* The records below an offset. *)
Below(s, end) == CutTo(s, end)

(* Epoch of the last record; 0 says that there is none, as no leader has epoch 0. *)
LastEpoch(s) == IF s = <<>> THEN 0 ELSE s[Len(s)].epoch

(* Where the largest epoch that is at most `epoch` ends in s, and which epoch that is (OffsetsForLeaderEpoch: KIP-101, KIP-279). A
   leader's own epoch counts although it may not have written in it; who does not lead passes 0. *)
EndOfEpoch(s, epoch, ownEpoch) ==
  LET known == {e \in {0, ownEpoch} \cup {s[i].epoch : i \in 1..Len(s)} : e <= epoch}
      later == {i \in 1..Len(s) : s[i].epoch > epoch}
  IN [epoch  |-> Greatest(known),
      offset |-> IF later = {} THEN Len(s) ELSE Least(later) - 1]

(* Where a follower with log s cuts when it is told that its leader's part of `end.epoch` ends at `end.offset`.  *)
CutPoint(s, end) == Least({EndOfEpoch(s, end.epoch, 0).offset, end.offset})
=============================================================================
