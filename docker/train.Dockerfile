# Everything but the server's defaults: training, Parquet, object stores. `docker/build.sh --train` makes the context.
FROM scratch
# An empty image trusts nobody; object stores are reached over TLS. SSL_CERT_FILE names another list.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY scorelet.cdx.json /usr/share/sbom/scorelet.cdx.json
COPY --chown=65532:65532 scorelet /usr/local/bin/scorelet
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
# A first process ignores SIGTERM where the program does not ask for it. Files are renamed when they are whole, so a
# run may end anywhere.
STOPSIGNAL SIGKILL
ENTRYPOINT ["/usr/local/bin/scorelet"]
CMD ["train", "--help"]
