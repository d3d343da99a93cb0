# An image that carries its model. The context is the folder with the bundle:
#     buildah bud --format docker --build-arg BASE=localhost/scorelet:latest -t my-model:1 -f docker/model.Dockerfile FOLDER
ARG BASE=localhost/scorelet:latest
# hadolint ignore=DL3006
FROM ${BASE}
COPY --chown=65532:65532 model_bundle.pkl /var/azureml-app/azureml-models/model/1/model_bundle.pkl
