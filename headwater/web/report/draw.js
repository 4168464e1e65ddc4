(function () {
  "use strict";
  var options = { responsive: true, displayModeBar: false, displaylogo: false };
  document.querySelectorAll("figure.chart").forEach(function (figure) {
    var plot = figure.querySelector(".plot");
    var chart = JSON.parse(figure.querySelector("script").textContent);
    Plotly.newPlot(plot, chart.data, chart.layout, options).then(function () {
      plot.setAttribute("data-drawn", "yes");
    });
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll(".plot").forEach(function (plot) { Plotly.Plots.resize(plot); });
  });
})();
