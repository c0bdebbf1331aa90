package io.odradek.bench.soak;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws a soak over time, one figure below the other. */
final class SoakPlot {
    private SoakPlot() {}

    /** @param file a name that ends in {@code .png} */
    static void draw(List<SoakSample> samples, Path file) throws IOException {
        System.setProperty("java.awt.headless", "true");
        List<XYChart> charts = List.of(
                chart("resident memory of the broker", "MiB", samples, SoakSample::residentMib),
                chart("open descriptors of the broker", "", samples, SoakSample::descriptors),
                chart("data on disk", "MiB", samples, SoakSample::dataMib),
                chart("records acknowledged", "", samples, SoakSample::records));
        String name = file.toString();
        BitmapEncoder.saveBitmap(
                new ArrayList<>(charts),
                charts.size(),
                1,
                name.substring(0, name.length() - ".png".length()),
                BitmapEncoder.BitmapFormat.PNG);
    }

    private static XYChart chart(
            String title, String unit, List<SoakSample> samples, ToDoubleFunction<SoakSample> value) {
        XYChart chart = new XYChartBuilder()
                .width(1000)
                .height(260)
                .title(title)
                .xAxisTitle("seconds (each dip is a kill -9 and a restart)")
                .yAxisTitle(unit)
                .build();
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setYAxisMin(0.0);
        double[] times = samples.stream().mapToDouble(SoakSample::seconds).toArray();
        double[] values = samples.stream().mapToDouble(value).toArray();
        chart.addSeries(title, times, values).setMarker(SeriesMarkers.NONE);
        return chart;
    }
}
