package tlc2.overrides;

import io.odradek.spec.tlc.TraceIo;
import io.odradek.spec.tlc.Witness;

/** TLC looks for a class of this name and asks it which classes define operators in Java. */
public final class TLCOverrides implements ITLCOverrides {
    @SuppressWarnings("rawtypes") // as TLC declares it
    @Override
    public Class[] get() {
        return new Class[] {Witness.class, TraceIo.class};
    }
}
