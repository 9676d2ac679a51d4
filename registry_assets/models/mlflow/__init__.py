"""A team on MLflow brings its history here, and goes on serving from MLflow: `make mlflow`."""
