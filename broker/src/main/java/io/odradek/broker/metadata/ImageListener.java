package io.odradek.broker.metadata;

import io.odradek.replication.controller.ClusterDelta;
import io.odradek.replication.controller.ClusterImage;

/**
 * Follows the committed metadata. Called by one thread, image after image, after the image is published and before the replies that rest
 * on it are released: when a client of the active controller's node hears that its topic exists, this has returned. Must not call back
 * into the host and wait.
 */
public interface ImageListener {

    void onImage(ClusterImage before, ClusterImage after, ClusterDelta delta);
}
