// What a page of somebody's own would do with each client; for tests only.
window.said = []

async function complete(place) {
    const answer = await fetch(`${place}/complete`, {
        method: 'POST', headers: { Authorization: `Bearer ${window.token}` },
    })
    window.said.push({ status: answer.status, body: await answer.json() })
}

async function announce(endpoint, file) {
    const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { Authorization: `Bearer ${window.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ filename: file.name, size: file.size, content_type: file.type }),
    })
    const upload = await answer.json()
    window.said.push({ status: answer.status, protocol: upload.protocol })
    return upload
}

const chosen = () => document.querySelector('#file').files[0]

function byTusJs(endpoint, options = {}) {
    return new Promise((done, failed) => {
        const file = chosen()
        const upload = new tus.Upload(file, {
            endpoint,
            retryDelays: [0, 200, 500, 1000, 2000],
            headers: { Authorization: `Bearer ${window.token}` },
            metadata: { filename: file.name, filetype: file.type },
            onAfterResponse: (request, response) => window.said.push({
                method: request.getMethod(),
                offset: request.getHeader('Upload-Offset'),
                status: response.getStatus(),
                at: response.getHeader('Upload-Offset'),
            }),
            onError: failed,
            onSuccess: () => complete(upload.url).then(done, failed),
            ...options,
        })
        upload.start()
    })
}

async function uploadedBy(uppy) {
    const file = chosen()
    uppy.addFile({ name: file.name, type: file.type, data: file })
    const result = await uppy.upload()
    if (result.failed.length) throw new Error(result.failed[0].error)
    return result.successful[0]
}

async function byUppyAndTus(endpoint) {
    const uppy = new Uppy.Uppy().use(Uppy.Tus, {
        endpoint,
        chunkSize: 6 * 1024 * 1024,
        retryDelays: [0, 200, 500, 1000],
        headers: { Authorization: `Bearer ${window.token}` },
    })
    await complete((await uploadedBy(uppy)).uploadURL)
}

async function byUppyIntoABucket(endpoint, inParts) {
    let upload
    const uppy = new Uppy.Uppy().use(Uppy.AwsS3, {
        shouldUseMultipart: inParts,
        getUploadParameters: async file => (upload = await announce(endpoint, file)),
        getChunkSize: () => 8 * 1024 * 1024,
        createMultipartUpload: async file => {
            upload = await announce(endpoint, file)
            return { uploadId: upload.id, key: upload.id }
        },
        signPart: (file, { partNumber }) => upload.parts[partNumber - 1],
        listParts: () => [],
        abortMultipartUpload: () => {},
        completeMultipartUpload: () => ({}),
    })
    await uploadedBy(uppy)
    await complete(upload.status_url)
}
