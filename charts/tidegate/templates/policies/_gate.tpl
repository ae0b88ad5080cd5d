{{- /* Variables of the policies that open: what is required, and whether the Ledger holds all of it. */ -}}
{{- define "tidegate.satisfied" -}}
- name: requirements
  expression: >-
    object.spec.template.?metadata.?annotations[?'tidegate.io/requires'].orValue('')
    .split(',').map(part, part.trim()).filter(part, part != '')
- name: satisfied
  expression: >-
    variables.requirements.all(requirement,
      requirement in params.?satisfied.orValue([])
      || (requirement.matches('^[^@]+@image$')
          && (object.spec.template.spec.containers.exists(container,
                (requirement + '=' + container.?image.orValue('')) in params.?satisfied.orValue([]))
              || object.spec.template.spec.?initContainers.orValue([]).exists(container,
                (requirement + '=' + container.?image.orValue('')) in params.?satisfied.orValue([])))))
{{- end -}}
