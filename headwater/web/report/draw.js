(function () {
  "use strict";
  var options = { responsive: true, displayModeBar: false, displaylogo: false };
  var night = window.matchMedia("screen and (prefers-color-scheme: dark)");
  function coloured(text) {
    return night.matches ? text.replace(/"(#[0-9a-f]{6}|rgba\([^)]*\))"/g, function (all, colour) {
      return '"' + (DARK[colour] || colour) + '"';
    }) : text;
  }
  function draw() {
    document.querySelectorAll("figure.chart").forEach(function (figure) {
      var plot = figure.querySelector(".plot");
      var chart = JSON.parse(coloured(figure.querySelector("script").textContent));
      Plotly.newPlot(plot, chart.data, chart.layout, options).then(function () {
        plot.setAttribute("data-drawn", "yes");
      });
    });
  }
  draw();
  night.addEventListener("change", draw);
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll(".plot").forEach(function (plot) { Plotly.Plots.resize(plot); });
  });
})();
