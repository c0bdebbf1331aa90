package io.odradek.spec.cluster;

import java.util.Locale;

/** A member of the group goes, and is there again after a while. */
record MemberChange(int member, How how, int awayMs) implements Happening {

    enum How {
        /** It says so; then it is a new member. */
        LEAVES,
        /** Nobody is told; then it is a new member. */
        VANISHES,
        /** It goes on as if nothing had happened. */
        STANDS_STILL
    }

    String what() {
        return how.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    @Override
    public String toString() {
        return "member " + member + " " + what() + " for " + awayMs + " ms";
    }
}
