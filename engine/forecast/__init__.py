"""What predicts demand: one file for each way of doing it, and one that chooses."""

from __future__ import annotations

from engine.forecast.calendar import BadSeries
from engine.forecast.demand import Demand
from engine.forecast.plot import plot_forecast
from engine.forecast.result import ForecastResult, write_forecasts
from engine.forecast.series import forecast_series

__all__ = ["BadSeries", "Demand", "ForecastResult", "forecast_series", "plot_forecast", "write_forecasts"]
