--------------------------- MODULE QuorumReconfig ---------------------------
(* That a change of the voters is decided: a leader does not wait for ever to learn what became of the one that it appended, so
   that whoever asked for it is answered, and the next one can begin.  Quorum says that it is never decided wrongly.

   Voters are up.  Some servers that do not vote are silent, for good: a controller that was configured and never started, or
   whose address is wrong.  It must not become a voter, for a majority with it may be one that never answers (KIP-853: a new voter
   has caught up before it is added). *)
EXTENDS Quorum

CONSTANT Silent   \* servers that take no step; none of them votes at first

Speaking == Server \ Silent

FetchGoesOn(s) == \E i \in Slot : SendFetch(s, i) \/ AnswerFetch(s, i) \/ TakeEntries(s, i) \/ CutBack(s, i) \/ Discard(s, i)

SomeStep ==
  \/ \E s \in Speaking : Campaign(s)
  \/ \E s \in Speaking : AnswerVote(s)
  \/ \E s \in Speaking : Lead(s)
  \/ \E s \in Speaking : Follow(s)
  \/ \E s \in Speaking : ChangeVoters(s)
  \/ \E s \in Speaking, i \in Slot : SendFetch(s, i)
  \/ \E s \in Speaking, i \in Slot : AnswerFetch(s, i)
  \/ \E s \in Speaking, i \in Slot : TakeEntries(s, i)
  \/ \E s \in Speaking, i \in Slot : CutBack(s, i)
  \/ \E s \in Speaking, i \in Slot : Discard(s, i)

(* Messages arrive.  Nobody has to campaign: whether there is a leader at all is QuorumLive's matter. *)
Fairness ==
  \A s \in Speaking : WF_vars(AnswerVote(s)) /\ WF_vars(Lead(s)) /\ WF_vars(Follow(s)) /\ WF_vars(FetchGoesOn(s))
ReconfigSpec == LedInit /\ [][SomeStep]_vars /\ Fairness

(* A leader has appended a change of the voters, and does not know it to be committed. *)
Changing(s) == role[s] = "Leader" /\ \E n \in (hw[s] + 1)..Len(log[s]) : log[s][n].kind = "voters"

(* It comes to know that, or leads no more. *)
ReconfigDecided == \A s \in Server : Changing(s) ~> ~Changing(s)

ChangedByTwoLeaders ==
  \E m, n \in DOMAIN committed :
    committed[m].kind = "voters" /\ committed[n].kind = "voters" /\ committed[m].epoch # committed[n].epoch
=============================================================================
