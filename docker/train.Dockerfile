# Everything that scorelet has: the server, training, Parquet, object stores. `docker/build.sh --train` makes the context.
FROM scratch
# An empty image trusts nobody; object stores are reached over TLS. SSL_CERT_FILE names another list.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY scorelet.cdx.json /usr/share/sbom/scorelet.cdx.json
COPY --chown=65532:65532 scorelet /usr/local/bin/scorelet
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models \
    SCORELET_HOST=0.0.0.0 \
    SCORELET_PORT=5001 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 5001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/scorelet"]
CMD ["train", "--help"]
