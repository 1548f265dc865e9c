#!/usr/bin/env python3
"""check_bill: checks NAME.cdx.json of the current folder against CycloneDX 1.5, and against the package NAME of apt/pool.

check_bill FOLDER NAME: FOLDER has the official schemas (npm: @cyclonedx/cyclonedx-library). Where they or python3-jsonschema are missing, only the
fields that the specification requires are checked, and the last line says so.
"""
import hashlib
import json
import pathlib
import re
import sys
import warnings


def check_schema(bill, folder):
    warnings.simplefilter('ignore', DeprecationWarning)
    import jsonschema
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob('*.json')}
    schema = schemas['bom-1.5.SNAPSHOT.schema.json']
    base = schema['$id'].rsplit('/', 1)[0]
    store = {f'{base}/{name}': one for name, one in schemas.items()}
    validator = jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(schema['$id'], schema, store))
    errors = [f'{"/".join(str(p) for p in error.path)}: {error.message[:200]}' for error in validator.iter_errors(bill)]
    del bill['components'][0]['name']
    assert list(validator.iter_errors(bill)), 'the schema takes a component without a name'
    return errors


def check_content(bill, package):
    top = bill['metadata']['component']
    assert bill['bomFormat'] == 'CycloneDX' and bill['specVersion'] == '1.5' and bill['version'] == 1
    assert re.fullmatch(r'urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', bill['serialNumber'])
    assert top['hashes'] == [{'alg': 'SHA-256', 'content': hashlib.sha256(package.read_bytes()).hexdigest()}]
    assert top['licenses'] == [{'license': {'id': 'MIT'}}], top['licenses']
    refs = {one['bom-ref'] for one in bill['components']} | {top['bom-ref']}
    assert len(refs) == len(bill['components']) + 1, 'a reference is there twice'
    assert {edge['ref'] for edge in bill['dependencies']} == refs
    assert all(ref in refs for edge in bill['dependencies'] for ref in edge['dependsOn'])
    assert next(edge for edge in bill['dependencies'] if edge['ref'] == top['bom-ref'])['dependsOn'], 'it depends on nothing'
    for one in bill['components']:
        assert one['type'] == 'library' and one['name'] and one['version'], one
        assert re.fullmatch(r'pkg:deb/debian/[a-z0-9%.B-]+@[A-Za-z0-9%.~-]+\?arch=[a-z0-9]+&distro=debian-1[23](&upstream=[a-z0-9A-Z%.~-]+)?', one['purl']), one['purl']


def main():
    folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    bill = json.loads(pathlib.Path(f'{name}.cdx.json').read_text())
    check_content(bill, next(pathlib.Path('apt/pool').glob(f'*/{name}.deb')))
    number = len(bill['components'])
    try:
        errors = check_schema(bill, folder)
        how = 'the official schema'
    except (ImportError, KeyError):
        errors, how = [], 'required fields only: no schema or no python3-jsonschema here'
    for error in errors:
        print(error)
    print(f'        {number} components, checked against {how}')
    sys.exit(1 if errors else 0)


main()
