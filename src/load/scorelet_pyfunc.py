"""Loads a bundle that scorelet exported and predicts as it does: columns in order, then the scaler, then the model.

MLflow imports this file as the `loader_module` of the model beside it.
"""
import pickle


class Bundle:
    def __init__(self, content):
        parts = content if isinstance(content, dict) else {"model": content}
        self.model, self.scaler = parts["model"], parts.get("scaler")
        self.feature_order = parts.get("feature_order")

    def predict(self, data, params=None):
        """The model's predictions, or what it transforms rows to; `data` is a DataFrame, or an array in feature order."""
        first = self.model if self.scaler is None else self.scaler
        if hasattr(data, "columns"):
            if self.feature_order is not None:
                data = data[list(self.feature_order)]
            data = data.where(data.notna(), float("nan"))  # None and NaN are one missing value
            if not hasattr(first, "feature_names_in_"):
                data = data.to_numpy()
        if self.scaler is not None:
            data = self.scaler.transform(data)
        return self.model.predict(data) if hasattr(self.model, "predict") else self.model.transform(data)


def _load_pyfunc(path):
    with open(path, "rb") as file:
        return Bundle(pickle.load(file))
